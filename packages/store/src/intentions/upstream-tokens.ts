// Tokens of upstream sign-ins on their way to be revoked: claimed by one node at a time, tried until it is done or given
// up. What became of each stands in the audit log.

import { auditBytes, type RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type {
  ClaimedUpstreamToken,
  Page,
  PageRequest,
  UpstreamStore,
  UpstreamToken,
  UpstreamTokenStatus,
} from "../store.ts";
import { aboutRecord } from "./audit-about.ts";
import { storeFreeAudit } from "./audit-record.ts";
import { beforeCursor, pageOf } from "./cursor.ts";
import { onlyRow } from "./head.ts";
import { sessionIdOf } from "./held-upstream-tokens.ts";
import { takeTurn } from "./order-statements.ts";
import { takeUpstream, upstreamColumns } from "./upstreams.ts";

const statuses: readonly UpstreamTokenStatus[] = ["held", "pending", "revoked", "expired", "left", "dead"];
const kinds: readonly UpstreamToken["kind"][] = ["refresh_token", "access_token"];

/** The columns of a token as `takeToken` takes them. */
const tokenColumns = `CAST(t.id AS TEXT), CAST(t.upstream_row AS TEXT), t.subject, CAST(t.session_row AS TEXT), t.kind,
        t.status, t.ended_by, t.created_at_ms, t.expires_s, t.attempts, t.next_attempt_ms, t.last_result,
        t.finished_at_ms`;

export async function claimUpstreamTokens(
  db: Database,
  nowMs: number,
  claimUntilMs: number,
  limit: number,
): Promise<readonly ClaimedUpstreamToken[]> {
  const rows = await db.executor.read({
    sql: `SELECT ${tokenColumns}, t.sealed, ${upstreamColumns}
      FROM upstream_tokens t JOIN upstreams p ON p.id = t.upstream_row
      WHERE t.status = 'pending' AND t.next_attempt_ms <= $1 AND t.claimed_until_ms <= $1 AND t.sealed IS NOT NULL
      ORDER BY t.next_attempt_ms, t.id LIMIT $2`,
    params: [nowMs, limit],
  });
  if (rows.length === 0) return [];
  const due = rows.map((row): ClaimedUpstreamToken => {
    const columns = new Columns(row);
    return { ...takeToken(columns), sealed: columns.bytes(), provider: takeUpstream(columns) };
  });
  const claims = await db.executor.apply(
    due.map(({ id }) => ({
      sql: `UPDATE upstream_tokens SET claimed_until_ms = $3
        WHERE id = $1 AND status = 'pending' AND claimed_until_ms <= $2 RETURNING 1`,
      params: [BigInt(id), nowMs, claimUntilMs],
    })),
  );
  return due.filter((_token, place) => claims[place]?.length === 1);
}

export async function noteUpstreamAttempt(
  db: Database,
  attempt: Parameters<UpstreamStore["noteUpstreamAttempt"]>[0],
): Promise<void> {
  const { id, status, result, nextAttemptMs, atMs, record } = attempt;
  const row = BigInt(id);
  const isFinal = record !== undefined;
  // With a record it is the token's own id in `last_order` that says that this attempt may go on (audit-record.ts).
  const guard = isFinal ? "AND EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $1)" : "";
  const noted = {
    sql: `UPDATE upstream_tokens SET status = $2, attempts = attempts + 1, last_result = $3, next_attempt_ms = $4,
        finished_at_ms = $5, claimed_until_ms = 0, sealed = CASE WHEN $6 = 1 THEN sealed END
      WHERE id = $1 AND status = 'pending' ${guard}`,
    params: [
      row,
      status,
      result,
      nextAttemptMs,
      isFinal ? atMs : null,
      status === "pending" || status === "dead" ? 1 : 0,
    ],
  };
  await db.executor.apply(record === undefined ? [noted] : [...recorded(row, record, atMs), noted]);
}

function recorded(
  row: bigint,
  { action, actor, content }: NonNullable<Parameters<UpstreamStore["noteUpstreamAttempt"]>[0]["record"]>,
  atMs: number,
): Statement[] {
  const record = { action, actor, atMs, orderId: undefined, content: JSON.stringify(content) };
  return [
    takeTurn(),
    {
      sql: `UPDATE feed_head SET
          last_order = $1,
          audit_number = audit_number + 1,
          audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, NULL, hash, $2)
        WHERE EXISTS (SELECT 1 FROM upstream_tokens t WHERE t.id = $1 AND t.status = 'pending')`,
      params: [row, auditBytes(record)],
    },
    storeFreeAudit(record, aboutRecord(action, content), row),
  ];
}

export async function retryUpstreamToken(db: Database, id: RowId, atMs: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE upstream_tokens SET status = 'pending', attempts = 0, next_attempt_ms = $2, claimed_until_ms = 0,
          finished_at_ms = NULL
        WHERE id = $1 AND status = 'dead' AND sealed IS NOT NULL RETURNING 1`,
      params: [BigInt(id), atMs],
    },
  ]);
  return results[0]?.length === 1;
}

export async function listUpstreamTokens(
  db: Database,
  filter: { readonly upstreamRow: RowId; readonly status?: UpstreamTokenStatus | undefined },
  page: PageRequest,
): Promise<Page<UpstreamToken>> {
  const params: SqlValue[] = [beforeCursor(page.cursor), page.limit + 1, BigInt(filter.upstreamRow)];
  const status = filter.status === undefined ? "" : `AND t.status = $${params.push(filter.status)}`;
  const rows = await db.executor.read({
    sql: `SELECT ${tokenColumns} FROM upstream_tokens t
      WHERE t.id < $1 AND t.upstream_row = $3 ${status} ORDER BY t.id DESC LIMIT $2`,
    params,
  });
  const items = rows.map((row) => takeToken(new Columns(row)));
  return pageOf(
    items.map((item) => ({ id: item.id, item })),
    page.limit,
  );
}

export async function countUpstreamTokens(
  db: Database,
  upstreamRow: RowId,
): Promise<Readonly<Record<UpstreamTokenStatus, number>>> {
  const counts = { held: 0, pending: 0, revoked: 0, expired: 0, left: 0, dead: 0 };
  const rows = await db.executor.read({
    sql: "SELECT t.status, count(*) FROM upstream_tokens t WHERE t.upstream_row = $1 GROUP BY t.status",
    params: [BigInt(upstreamRow)],
  });
  for (const row of rows) {
    const columns = new Columns(row);
    counts[wordOf(statuses, columns.text())] = columns.whole();
  }
  return counts;
}

export async function pendingUpstreamTokens(db: Database): Promise<number> {
  const rows = await db.executor.read({
    sql: "SELECT count(*) FROM upstream_tokens t WHERE t.status = 'pending'",
    params: [],
  });
  return new Columns(onlyRow(rows)).whole();
}

function takeToken(columns: Columns): UpstreamToken {
  return {
    id: columns.text(),
    upstreamRow: columns.text(),
    subject: columns.text(),
    sessionId: sessionIdOf(columns.optionalText()),
    kind: wordOf(kinds, columns.text()),
    status: wordOf(statuses, columns.text()),
    endedBy: columns.optionalText(),
    createdAtMs: columns.whole(),
    expiresAt: columns.optionalWhole(),
    attempts: columns.whole(),
    nextAttemptMs: columns.whole(),
    lastResult: columns.optionalText(),
    finishedAtMs: columns.optionalWhole(),
  };
}

/** @throws TypeError */
function wordOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((known) => known === text);
  if (word === undefined) throw new TypeError("the row of an upstream token holds an unknown word");
  return word;
}
