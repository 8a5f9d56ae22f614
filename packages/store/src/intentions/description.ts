// What health, metrics and `doctor` say of the database, and the round trip for readiness.

import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { StoreDescription } from "../store.ts";
import { onlyRow } from "./head.ts";

export async function describe(db: Database): Promise<StoreDescription> {
  const facts = await db.executor.facts();
  const rows = await db.executor.read({
    sql: `SELECT (SELECT count(*) FROM access_tokens),
        (SELECT count(*) FROM refresh_tokens),
        (SELECT count(*) FROM entries e WHERE e.kind = 'revoke' AND e.lifted_by IS NULL)`,
    params: [],
  });
  const columns = new Columns(onlyRow(rows));
  return {
    ...facts,
    accessTokens: columns.whole(),
    refreshTokens: columns.whole(),
    standingEntries: columns.whole(),
  };
}

/** Changes nothing, but takes the writing connection's lock as a revocation does: a full disk still takes these. */
export async function ping(db: Database): Promise<void> {
  await db.executor.read({ sql: "SELECT 1", params: [] });
  await db.executor.apply([{ sql: "UPDATE feed_head SET seq = seq WHERE 1 = 0", params: [] }], {
    urgent: true,
  });
}
