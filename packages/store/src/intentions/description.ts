// What health, metrics and `doctor` say of the database, and the round trip for readiness.

import { setImmediate } from "node:timers/promises";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { StoreDescription } from "../store.ts";
import { onlyRow } from "./head.ts";

export async function describe(db: Database): Promise<StoreDescription> {
  const facts = await db.executor.facts();
  const accessTokens = await countRows(db, "access_tokens");
  const refreshTokens = await countRows(db, "refresh_tokens");
  return { ...facts, accessTokens, refreshTokens };
}

/** Rows of a window: a millisecond or so, of which SQLite reads most from the file. */
const windowRows = 5_000;

/** All rows of a table, in windows along the row ids between which others are answered: ten million take seconds. */
async function countRows(db: Database, table: string): Promise<number> {
  let after = 0n;
  for (let count = 0; ; count += windowRows) {
    const [last] = await db.executor.read({
      sql: `SELECT CAST(t.id AS TEXT) FROM ${table} t WHERE t.id > $1 ORDER BY t.id LIMIT 1 OFFSET $2`,
      params: [after, windowRows - 1],
    });
    if (last === undefined) {
      const rows = await db.executor.read({
        sql: `SELECT count(*) FROM ${table} t WHERE t.id > $1`,
        params: [after],
      });
      return count + new Columns(onlyRow(rows)).whole();
    }
    after = BigInt(new Columns(last).text());
    await setImmediate();
  }
}

/** Changes nothing, but takes the writing connection's lock as a revocation does: a full disk still takes these. */
export async function ping(db: Database): Promise<void> {
  await db.executor.read({ sql: "SELECT 1", params: [] });
  await db.executor.apply([{ sql: "UPDATE feed_head SET seq = seq WHERE 1 = 0", params: [] }], {
    urgent: true,
  });
}
