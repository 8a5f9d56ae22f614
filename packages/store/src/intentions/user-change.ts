// Changing a user with the orders that follow from it: one transaction, all or nothing, without branches. Each change
// takes the people's turn and marks it as its own; what speaks against the change takes the mark away, and every
// statement after that asks for it. The head comes last, as in every order.

import type { LongestLives } from "@rescind/core";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { Order } from "../store.ts";
import { head } from "./head.ts";
import { orderStatements, takeTurn } from "./order-statements.ts";
import { type Claim, claimTurn, lockUser } from "./people-turn.ts";

/** A condition whose parameters begin with `$2`; `$1` is the claim. */
export interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export interface UserChange {
  readonly subject: string;
  /** Where one of these holds, nothing changes. */
  readonly unless: readonly Condition[];
  /** The statements that make the change; each must ask `claimed`. */
  effects(claim: Claim): readonly Statement[];
}

/**
 * "unknown": there is no such user; a number: the first of `unless` that holds. Nothing changed then. If the longest
 * lives have risen since the orders were made for them, nothing changes either and all is done again.
 */
export async function changeWithOrders(
  db: Database,
  change: UserChange,
  orders: readonly Order[],
): Promise<"changed" | "unknown" | number> {
  for (;;) {
    const outcome = await tryChange(db, change, orders, db.longest.lives);
    if (outcome !== "risen") return outcome;
    await head(db);
  }
}

async function tryChange(
  db: Database,
  { subject, unless, effects }: UserChange,
  orders: readonly Order[],
  longest: LongestLives,
): Promise<"changed" | "risen" | "unknown" | number> {
  const claim: Claim = BigInt(db.ids.next());
  const against = [unknownUser(subject), ...unless];
  const results = await db.executor.apply(
    [
      claimTurn(claim),
      lockUser(subject),
      ...against.map((condition) => giveUpIf(claim, condition)),
      ...(orders.length === 0 ? [] : [takeTurn(), giveUpIf(claim, risenAbove(longest))]),
      ...effects(claim),
      ...orders.flatMap((order) => orderStatements(db, order, longest, claim)),
    ],
    { urgent: orders.length > 0 },
  );
  const gaveUpAt = results.findIndex(
    (rows, place) => place >= 2 && place < 2 + against.length && rows.length > 0,
  );
  if (gaveUpAt !== -1) return gaveUpAt === 2 ? "unknown" : gaveUpAt - 3;
  const isRisen = orders.length > 0 && results[2 + against.length + 1]?.length === 1;
  return isRisen ? "risen" : "changed";
}

/** Has a row where it gave up. */
function giveUpIf(claim: Claim, { sql, params }: Condition): Statement {
  return {
    sql: `UPDATE people_turn SET claimed_by = NULL WHERE claimed_by = $1 AND ${sql} RETURNING 1`,
    params: [claim, ...params],
  };
}

function unknownUser(subject: string): Condition {
  return { sql: "NOT EXISTS (SELECT 1 FROM users u WHERE u.subject = $2)", params: [subject] };
}

function risenAbove({ accessToken, grant }: LongestLives): Condition {
  return {
    sql: "EXISTS (SELECT 1 FROM feed_head h WHERE h.longest_access > $2 OR h.longest_grant > $3)",
    params: [accessToken, grant],
  };
}
