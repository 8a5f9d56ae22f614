// The beginning of an epoch: the numbers go on at its first, with an entry that covers everything issued before, or a
// plain one where the tokens are kept. DESIGN.md section 1, "Restores".

import { auditBytes, canonicalMembers, firstOfEpoch, type LongestLives } from "@rescind/core";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import type { NewEpoch } from "../restores.ts";
import { storeFreeAudit } from "./audit-record.ts";
import { head } from "./head.ts";
import { numberedStatements, takeTurn } from "./order-statements.ts";
import { type Claim, claimTurn } from "./people-turn.ts";
import { writtenHome } from "./whereabouts.ts";

export async function beginEpoch(db: Database, made: NewEpoch): Promise<boolean> {
  for (;;) {
    const longest = db.longest.lives;
    const results = await db.executor.apply(statementsOf(db, made, longest), { urgent: true });
    if (results[3]?.length === 1) return true;
    const { longest: stored } = await head(db);
    const isRisen = stored.accessToken > longest.accessToken || stored.grant > longest.grant;
    if (!isRisen) return false;
  }
}

/** The fourth has a row if the epoch began. */
function statementsOf(db: Database, made: NewEpoch, longest: LongestLives): Statement[] {
  const { opening: first, orders } = made;
  const claim = BigInt(made.id);
  const mark = BigInt(first?.id ?? made.id);
  return [
    claimTurn(claim),
    takeTurn(),
    jump(made, longest),
    ...(first === undefined ? plainEntry(made) : numberedStatements(db, first, longest)),
    ...record(made, mark),
    ...settle(made, mark),
    giveUpUnless(claim, mark),
    ...orders.flatMap((order) => numberedStatements(db, order, longest, claim)),
  ];
}

/** What is left of the orders goes with the first of them or not at all. */
function giveUpUnless(claim: Claim, mark: bigint): Statement {
  return {
    sql: `UPDATE people_turn SET claimed_by = NULL
      WHERE claimed_by = $1 AND NOT EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $2)`,
    params: [claim, mark],
  };
}

function firstOf({ epoch }: NewEpoch): number {
  return firstOfEpoch(epoch);
}

/**
 * The next number is the epoch's first. Not where the orders after it would not be appended: another node was first, or
 * longer-lived tokens are allowed since they were made.
 */
function jump(made: NewEpoch, { accessToken, grant }: LongestLives): Statement {
  return {
    sql: `UPDATE feed_head SET seq = $1
      WHERE seq < $1 AND longest_access <= $2 AND longest_grant <= $3
        AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.idempotency = $4)`,
    params: [firstOf(made) - 1, accessToken, grant, made.opening?.idempotency ?? null],
  };
}

function plainEntry(made: NewEpoch): Statement[] {
  const seq = firstOf(made);
  return [
    {
      sql: `UPDATE feed_head SET seq = seq + 1, hash = rescind_chain(hash, seq + 1, $3), last_order = $1
        WHERE seq = $2 RETURNING seq`,
      params: [BigInt(made.id), seq - 1, canonicalMembers({ seq, kind: "epoch" })],
    },
    {
      sql: `INSERT INTO entries (seq, kind, hash, at_ms)
        SELECT h.seq, 'epoch', h.hash, $2 FROM feed_head h WHERE h.last_order = $1`,
      params: [BigInt(made.id), made.atMs],
    },
  ];
}

function record({ actor, atMs, content }: NewEpoch, mark: bigint): Statement[] {
  const saying = {
    action: "restore",
    actor,
    atMs,
    orderId: undefined,
    content: JSON.stringify({ ...content, about: {} }),
  };
  return [
    {
      sql: `UPDATE feed_head SET audit_number = audit_number + 1,
          audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, NULL, hash, $2)
        WHERE last_order = $1`,
      params: [mark, auditBytes(saying)],
    },
    storeFreeAudit(saying, {}, mark),
  ];
}

/** What nodes remember of clients and keys may be of what was lost: their numbers were lower than any epoch's. */
function settle(made: NewEpoch, mark: bigint): Statement[] {
  const isDone = "EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $1)";
  return [
    {
      sql: `UPDATE catalog SET number = CASE WHEN number < $2 THEN $2 ELSE number + 1 END WHERE ${isDone}`,
      params: [mark, made.epoch],
    },
    {
      sql: `UPDATE whereabouts SET epoch_seq = $2, restored = NULL, home = coalesce($3, home) WHERE ${isDone}`,
      params: [mark, firstOf(made), writtenHome(made.home)],
    },
  ];
}
