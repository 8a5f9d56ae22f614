// Brings the schema up to date: all that is missing in one transaction, under a lock of that transaction, so that of any
// number of servers that start at once one does it and the others find it done. A newer schema is refused, unless it says
// that programs of this one can go on beside it: nodes are upgraded one after the other, and an older one may restart.

import type pg from "pg";
import type { Migration } from "../migrations/migration.ts";
import { migrations } from "../migrations/migrations.ts";
import { StoreRefused } from "../store-refused.ts";

/** Any number will do that nothing else in the database locks: "rescind" in ASCII. */
const lock = "32199641989311076";
/** Milliseconds: a large table may be rewritten by whoever came first. */
const longestWaitMs = 600_000;

/**
 * @param shown the database, for the message
 * @throws StoreRefused the schema is newer than this program
 */
export async function migrate(
  client: pg.ClientBase,
  shown: string,
  steps: readonly Migration[] = migrations,
): Promise<void> {
  // Without a lock first: most starts find nothing to do, and need no right to change tables.
  const { rows: known } = await client.query("SELECT 1 WHERE to_regclass('rescind_schema') IS NOT NULL");
  if (known.length > 0 && (await versionOf(client)) === steps.at(-1)?.number) return;
  await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = ${longestWaitMs}`);
  try {
    // Held to the end of the transaction: session locks would be lost in a pooler.
    await client.query(`SELECT pg_advisory_xact_lock(${lock})`);
    await client.query("CREATE TABLE IF NOT EXISTS rescind_schema (number INTEGER PRIMARY KEY)");
    await client.query("ALTER TABLE rescind_schema ADD COLUMN IF NOT EXISTS compatible_from INTEGER");
    const version = await versionOf(client);
    const newest = steps.at(-1)?.number ?? 0;
    if (version > newest && !(await isCompatible(client, newest)))
      throw new StoreRefused(
        `The database ${shown} has schema ${version}, this program knows up to ${newest}: it was opened by a newer version. Use that one.`,
      );
    for (const { number, compatibleFrom = number, postgres } of steps) {
      if (number <= version) continue;
      await client.query(`${postgres};
        INSERT INTO rescind_schema (number, compatible_from) VALUES (${number}, ${compatibleFrom})`);
    }
    // Both have one row, which every look-up begins with. Never counted, they are taken for half a million rows between
    // them, for which the server compiles each plan: a second and a half for a read of a tenth of a millisecond.
    if (version < newest) await client.query("ANALYZE feed_head, catalog");
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** Whether every step after the newest that this program knows leaves it what it needs. */
async function isCompatible(client: pg.ClientBase, newest: number): Promise<boolean> {
  const sql = "SELECT max(coalesce(compatible_from, number)) AS number FROM rescind_schema WHERE number > $1";
  const { rows } = await client.query<{ number: number | null }>(sql, [newest]);
  return (rows[0]?.number ?? 0) <= newest;
}

async function versionOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ number: number | null }>(
    "SELECT max(number) AS number FROM rescind_schema",
  );
  return rows[0]?.number ?? 0;
}
