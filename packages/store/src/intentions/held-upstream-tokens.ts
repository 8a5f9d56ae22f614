// Tokens of upstream sign-ins while they are held: given to the session that the sign-in opened, and put on their way to
// be revoked when an order, or time, has ended what hangs on it. What ended is core's to say (upstream.ts).

import { formatId, type RowId } from "@rescind/core";
import { Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue } from "../executor.ts";
import { grantRowOrNone } from "../grant-ids.ts";
import type { HeldFilter, HeldUpstreamToken, NewUpstreamToken } from "../store.ts";
import { each } from "./affected-walks.ts";
import { onlyRow } from "./head.ts";
import { sessionColumns, sessionRowOrNone, takeSession } from "./sessions.ts";

export async function keepUpstreamToken(db: Database, token: NewUpstreamToken): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO upstream_tokens (id, upstream_row, subject, kind, sealed, status, ended_by, created_at_ms,
          expires_s, attempts, next_attempt_ms, claimed_until_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $8, 0)`,
      params: [
        BigInt(token.id),
        BigInt(token.upstreamRow),
        token.subject,
        token.kind,
        token.sealed,
        token.endedBy === undefined ? "held" : "pending",
        orNull(token.endedBy),
        token.createdAtMs,
        orNull(token.expiresAt),
      ],
    },
  ]);
}

export async function attachUpstreamToken(
  db: Database,
  { id, sessionId, atMs }: { readonly id: RowId; readonly sessionId: string; readonly atMs: number },
): Promise<void> {
  const params = [BigInt(id), sessionRowOrNone(sessionId), atMs];
  await db.executor.apply([
    {
      sql: `UPDATE upstream_tokens SET status = 'pending', ended_by = 'signed_in_again', next_attempt_ms = $3
        WHERE session_row = $2 AND status = 'held' AND id <> $1
          AND upstream_row = (SELECT n.upstream_row FROM upstream_tokens n
            WHERE n.id = $1 AND n.status = 'held' AND n.session_row IS NULL)`,
      params,
    },
    {
      sql: "UPDATE upstream_tokens SET session_row = $2 WHERE id = $1 AND session_row IS NULL AND status = 'held'",
      params: params.slice(0, 2),
    },
  ]);
}

export async function heldUpstreamTokens(
  db: Database,
  filter: HeldFilter,
  { after, limit, at }: { readonly after: RowId | undefined; readonly limit: number; readonly at: number },
): Promise<readonly HeldUpstreamToken[]> {
  const [condition, ...values] = conditionOf(filter);
  const rows = await db.executor.read({
    sql: `SELECT CAST(t.id AS TEXT), t.created_at_ms, CASE WHEN t.session_row IS NULL THEN 0 ELSE 1 END,
        ${coveredSession}, ${liveGrant}, ${revokedGrant}, ${sessionColumns}
      FROM upstream_tokens t LEFT JOIN sessions s ON s.id = t.session_row
      WHERE t.status = 'held' AND t.id > $1 AND ${condition} ORDER BY t.id LIMIT $3`,
    params: [BigInt(after ?? 0), Math.floor(at), limit, ...values],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    const token = {
      id: columns.text(),
      createdAtMs: columns.whole(),
      isAttached: columns.flag(),
      isSessionCovered: columns.flag(),
      hasLiveGrant: columns.flag(),
      hasRevokedGrant: columns.flag(),
    };
    return { ...token, session: columns.isNull() ? undefined : takeSession(columns) };
  });
}

function conditionOf(filter: HeldFilter): [string, ...SqlValue[]] {
  switch (filter.kind) {
    case "all":
      return ["1 = 1"];
    case "session":
      return ["t.session_row = $4", sessionRowOrNone(filter.sessionId)];
    case "subject":
      return ["t.subject = $4", filter.subject];
    case "grant":
      return [`t.subject = (SELECT g.subject FROM grants g WHERE g.id = $4)`, grantRowOrNone(filter.grantId)];
  }
}

const coveredSession = `CASE WHEN EXISTS (SELECT 1 FROM session_coverings c WHERE c.id = t.session_row ${each})
          THEN 1 ELSE 0 END`;

/** The grants that came from the token's session and are not over by time ($2). */
const ofSession = `SELECT 1 FROM grants g
          WHERE g.subject = t.subject AND g.session_id = 'ses_' || t.session_row AND g.exp > $2`;
const refresh =
  "SELECT 1 FROM refresh_tokens r WHERE r.grant_id = g.id AND r.spent_at_ms IS NULL AND r.exp > $2";
const access = "SELECT 1 FROM access_tokens a WHERE a.grant_id = g.id AND a.exp > $2";
const coveredRefresh = `EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'refresh' AND c.id = r.id ${each})`;
const coveredAccess = `EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'access' AND c.id = a.id ${each})`;

/** As the list of grants says it: live while a token of it is; revoked if it has unexpired tokens and none is. */
const isLive = `(EXISTS (${refresh} AND NOT ${coveredRefresh} ${each})
            OR EXISTS (${access} AND NOT ${coveredAccess} ${each}))`;
const hasTokens = `(EXISTS (${refresh} ${each}) OR EXISTS (${access} ${each}))`;
const liveGrant = `CASE WHEN EXISTS (${ofSession} AND ${isLive} ${each}) THEN 1 ELSE 0 END`;
const revokedGrant = `CASE WHEN EXISTS (${ofSession} AND ${hasTokens} AND NOT ${isLive} ${each}) THEN 1 ELSE 0 END`;

export async function endUpstreamTokens(
  db: Database,
  ends: readonly { readonly id: RowId; readonly endedBy: string }[],
  atMs: number,
): Promise<void> {
  if (ends.length === 0) return;
  await db.executor.apply(
    ends.map(({ id, endedBy }) => ({
      sql: `UPDATE upstream_tokens SET status = 'pending', ended_by = $2, next_attempt_ms = $3
        WHERE id = $1 AND status = 'held'`,
      params: [BigInt(id), endedBy, atMs],
    })),
  );
}

export async function upstreamCursor(
  db: Database,
): Promise<{ readonly number: number; readonly newest: number }> {
  const rows = await db.executor.read({
    sql: "SELECT u.number, h.audit_number FROM upstream_cursor u CROSS JOIN feed_head h",
    params: [],
  });
  const columns = new Columns(onlyRow(rows));
  return { number: columns.whole(), newest: columns.whole() };
}

export async function moveUpstreamCursor(db: Database, number: number): Promise<void> {
  await db.executor.apply([
    { sql: "UPDATE upstream_cursor SET number = $1 WHERE number < $1", params: [number] },
  ]);
}

/** The `sid` of a token's session; undefined where it has none. */
export function sessionIdOf(row: string | undefined): string | undefined {
  return row === undefined ? undefined : formatId("session", row);
}
