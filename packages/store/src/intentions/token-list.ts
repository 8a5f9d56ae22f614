// Lists of tokens for people, newest first, with their status by the rule. Spent refresh tokens are no tokens.
// Read in windows by one index each; what has no index is filtered here, so that no statement runs long.

import { setImmediate } from "node:timers/promises";
import { formatId, type RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row, SqlValue, Statement } from "../executor.ts";
import { grantRowOrNone } from "../grant-ids.ts";
import type { ListedToken, Page, PageRequest, TokenFilter, TokenStatus } from "../store.ts";
import { each } from "./affected-walks.ts";
import { beforeCursor, pageOf } from "./cursor.ts";
import { lastUseOf } from "./uses.ts";

const window = 200;
/** Milliseconds after which a page is given out as far as it got. */
const longestSearchMs = 1000;
const everyRow: Condition = { sql: "1 = 1", params: [] };

/** A condition on `t`; its parameter is the fourth of the statement. */
interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

type WindowRow = { readonly id: RowId; readonly spent: boolean; readonly item: ListedToken };

/** @param at seconds: what has expired by then counts as expired */
export async function listTokens(
  db: Database,
  filter: TokenFilter,
  page: PageRequest,
  at: number,
): Promise<Page<ListedToken>> {
  const began = performance.now();
  const found: WindowRow[] = [];
  let below = beforeCursor(page.cursor);
  for (;;) {
    const access = filter.kind === "refresh" ? [] : await readWindow(db, accessWindow(filter, below, at));
    const refresh = filter.kind === "access" ? [] : await readWindow(db, refreshWindow(filter, below, at));
    const reached = reachOf(access, refresh);
    const merged = [...access, ...refresh].filter(({ id }) => BigInt(id) >= reached).sort(newestFirst);
    found.push(...merged.filter(({ spent, item }) => !spent && isWanted(item, filter)));
    if (reached === 0n || found.length > page.limit) return pageOf(found, page.limit);
    below = reached;
    if (performance.now() - began > longestSearchMs)
      return { items: found.map(({ item }) => item), next: String(below) };
    await setImmediate();
  }
}

/** A window that was not filled reaches to the first row, a filled one to its last; all of them to the nearest. */
function reachOf(...windows: readonly (readonly WindowRow[])[]): bigint {
  const ends = windows.map((rows) => (rows.length < window ? 0n : BigInt(rows.at(-1)?.id ?? 0)));
  return ends.reduce((nearest, end) => (end > nearest ? end : nearest), 0n);
}

function newestFirst(a: WindowRow, b: WindowRow): number {
  return BigInt(a.id) < BigInt(b.id) ? 1 : -1;
}

function isWanted(token: ListedToken, filter: TokenFilter): boolean {
  return (
    (filter.status ?? token.status) === token.status &&
    (filter.subject ?? token.subject) === token.subject &&
    (filter.clientId ?? token.clientId) === token.clientId &&
    (filter.grantId ?? token.grantId) === token.grantId &&
    (filter.keyId ?? token.keyId) === token.keyId &&
    (filter.sessionId ?? token.sessionId) === token.sessionId
  );
}

async function readWindow(db: Database, statement: Statement): Promise<WindowRow[]> {
  const rows = await db.executor.read(statement);
  return rows.map(takeRow);
}

function accessWindow(filter: TokenFilter, below: bigint, at: number): Statement {
  const condition = accessCondition(filter);
  return {
    sql: `SELECT CAST(t.id AS TEXT), 0, 'access', CASE WHEN t.digest IS NULL THEN 'jwt' ELSE 'opaque' END, t.client_id,
        t.subject, CAST(t.grant_id AS TEXT), t.session_id, t.key_id, t.scope, t.audience, t.iat, t.exp,
        CASE WHEN t.exp <= $1 THEN 'expired'
          WHEN EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'access' AND c.id = t.id ${each}) THEN 'revoked'
          ELSE 'live' END,
        CASE WHEN t.grant_id IS NULL
          THEN (SELECT u.at_ms FROM last_used u WHERE u.kind = 'client' AND u.id = t.client_id)
          ELSE ${lastUseOf("t.grant_id")} END
      FROM access_tokens t
      WHERE t.id IN (SELECT t.id FROM access_tokens t WHERE t.id < $2 AND ${condition.sql} ORDER BY t.id DESC LIMIT $3)
      ORDER BY t.id DESC`,
    params: [Math.floor(at), below, window, ...condition.params],
  };
}

function refreshWindow(filter: TokenFilter, below: bigint, at: number): Statement {
  const condition = refreshCondition(filter);
  return {
    sql: `SELECT CAST(t.id AS TEXT), CASE WHEN t.spent_at_ms IS NULL THEN 0 ELSE 1 END, 'refresh', 'opaque',
        g.client_id, g.subject, CAST(t.grant_id AS TEXT), g.session_id, t.key_id, g.scope, g.audience, t.iat,
        CASE WHEN t.exp < g.exp THEN t.exp ELSE g.exp END,
        CASE WHEN t.exp <= $1 OR g.exp <= $1 THEN 'expired'
          WHEN EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'refresh' AND c.id = t.id ${each}) THEN 'revoked'
          ELSE 'live' END,
        ${lastUseOf("t.grant_id")}
      FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id
      WHERE t.id IN (SELECT t.id FROM refresh_tokens t WHERE t.id < $2 AND ${condition.sql} ORDER BY t.id DESC LIMIT $3)
      ORDER BY t.id DESC`,
    params: [Math.floor(at), below, window, ...condition.params],
  };
}

/** The index an access token is found by. */
function accessCondition({ grantId, subject, clientId }: TokenFilter): Condition {
  if (grantId !== undefined) return { sql: "t.grant_id = $4", params: [grantRowOrNone(grantId)] };
  if (subject !== undefined)
    return {
      sql: `(t.grant_id IN (SELECT g.id FROM grants g WHERE g.subject = $4)
        OR (t.client_id = $4 AND t.subject = $4 AND t.grant_id IS NULL)
        OR (t.subject = $4 AND t.grant_id IS NULL AND t.subject <> t.client_id))`,
      params: [subject],
    };
  if (clientId !== undefined) return { sql: "t.client_id = $4", params: [clientId] };
  return everyRow;
}

/** The index a refresh token is found by. */
function refreshCondition({ grantId, subject, clientId }: TokenFilter): Condition {
  if (grantId !== undefined) return { sql: "t.grant_id = $4", params: [grantRowOrNone(grantId)] };
  if (subject !== undefined)
    return { sql: "t.grant_id IN (SELECT g.id FROM grants g WHERE g.subject = $4)", params: [subject] };
  if (clientId !== undefined)
    return { sql: "t.grant_id IN (SELECT g.id FROM grants g WHERE g.client_id = $4)", params: [clientId] };
  return everyRow;
}

function takeRow(row: Row): WindowRow {
  const columns = new Columns(row);
  const id = columns.text();
  const spent = columns.flag();
  const item: ListedToken = {
    id,
    kind: columns.text() === "access" ? "access" : "refresh",
    format: columns.text() === "jwt" ? "jwt" : "opaque",
    clientId: columns.text(),
    subject: columns.text(),
    grantId: publicGrantId(columns.optionalText()),
    sessionId: columns.optionalText(),
    keyId: columns.optionalText(),
    scopes: columns.words(),
    audience: columns.list(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
    status: tokenStatus(columns.text()),
    lastUsedAtMs: columns.optionalWhole(),
  };
  return { id, spent, item };
}

/** A status as a list's statement writes it. */
export function tokenStatus(text: string): TokenStatus {
  return text === "live" || text === "expired" ? text : "revoked";
}

function publicGrantId(rowId: RowId | undefined): string | undefined {
  return rowId === undefined ? undefined : formatId("grant", rowId);
}
