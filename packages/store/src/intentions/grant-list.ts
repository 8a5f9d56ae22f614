// Lists of grants for people, newest first. A grant is live while a token of it is.

import { setImmediate } from "node:timers/promises";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue } from "../executor.ts";
import { grantRowOrNone } from "../grant-ids.ts";
import type { ListedGrant, Page, PageRequest, TokenFilter } from "../store.ts";
import { each } from "./affected-walks.ts";
import { beforeCursor, pageOf } from "./cursor.ts";
import { takeGrant } from "./grants.ts";
import { tokenStatus } from "./token-list.ts";
import { lastUseOf } from "./uses.ts";

const window = 100;
/** Milliseconds after which a page is given out as far as it got. */
const longestSearchMs = 1000;

/** @param at seconds: what has expired by then counts as expired */
export async function listGrants(
  db: Database,
  filter: TokenFilter,
  page: PageRequest,
  at: number,
): Promise<Page<ListedGrant>> {
  const began = performance.now();
  const found: { id: string; item: ListedGrant }[] = [];
  let below = beforeCursor(page.cursor);
  for (;;) {
    const rows = await readWindow(db, filter, below, at);
    found.push(...rows.filter(({ item }) => isWanted(item, filter)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < window || found.length > page.limit)
      return pageOf(found, page.limit);
    below = BigInt(last.id);
    if (performance.now() - began > longestSearchMs)
      return { items: found.map(({ item }) => item), next: last.id };
    await setImmediate();
  }
}

function isWanted(grant: ListedGrant, filter: TokenFilter): boolean {
  return (
    (filter.status ?? grant.status) === grant.status &&
    (filter.subject ?? grant.subject) === grant.subject &&
    (filter.clientId ?? grant.clientId) === grant.clientId &&
    (filter.sessionId ?? grant.sessionId) === grant.sessionId
  );
}

/** The index a grant is found by, and what only the database can say. Parameters from the fourth on. */
function conditions(filter: TokenFilter): { sql: string; params: readonly SqlValue[] } {
  const found = indexOf(filter);
  if (filter.keyId === undefined) return found;
  const key = `t.grant_id = g.id AND t.key_id = $${4 + found.params.length}`;
  const withKey = `(EXISTS (SELECT 1 FROM refresh_tokens t WHERE ${key} ${each})
    OR EXISTS (SELECT 1 FROM access_tokens t WHERE ${key} ${each}))`;
  return { sql: `${found.sql} AND ${withKey}`, params: [...found.params, filter.keyId] };
}

function indexOf({ grantId, subject, clientId }: TokenFilter): { sql: string; params: readonly SqlValue[] } {
  if (grantId !== undefined) return { sql: "g.id = $4", params: [grantRowOrNone(grantId)] };
  if (subject !== undefined) return { sql: "g.subject = $4", params: [subject] };
  if (clientId !== undefined) return { sql: "g.client_id = $4", params: [clientId] };
  return { sql: "1 = 1", params: [] };
}

async function readWindow(
  db: Database,
  filter: TokenFilter,
  below: bigint,
  at: number,
): Promise<{ id: string; item: ListedGrant }[]> {
  const condition = conditions(filter);
  const rows = await db.executor.read({
    sql: `SELECT CAST(g.id AS TEXT), CAST(g.id AS TEXT), g.client_id, g.subject, g.scope, g.audience, g.session_id,
        g.auth_time, g.offline, g.iat, g.exp, g.claims, g.amr,
        CASE
          WHEN g.exp <= $1 THEN 'expired'
          WHEN EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.grant_id = g.id AND t.spent_at_ms IS NULL AND t.exp > $1
            AND NOT EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'refresh' AND c.id = t.id ${each}) ${each}) THEN 'live'
          WHEN EXISTS (SELECT 1 FROM access_tokens t WHERE t.grant_id = g.id AND t.exp > $1
            AND NOT EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'access' AND c.id = t.id ${each}) ${each}) THEN 'live'
          WHEN EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.grant_id = g.id AND t.spent_at_ms IS NULL AND t.exp > $1 ${each})
            THEN 'revoked'
          WHEN EXISTS (SELECT 1 FROM access_tokens t WHERE t.grant_id = g.id AND t.exp > $1 ${each}) THEN 'revoked'
          ELSE 'expired' END,
        ${lastUseOf("g.id")}
      FROM grants g WHERE g.id < $2 AND ${condition.sql} ORDER BY g.id DESC LIMIT $3`,
    params: [Math.floor(at), below, window, ...condition.params],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    const id = columns.text();
    const grant = takeGrant(columns);
    const status = tokenStatus(columns.text());
    return { id, item: { ...grant, status, lastUsedAtMs: columns.optionalWhole() } };
  });
}
