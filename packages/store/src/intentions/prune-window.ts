// Windows along the row ids, by which tables are looked through for rows to remove.

import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";

/** The last row id of a window; undefined if it is empty. */
export async function lastOf(db: Database, statement: Statement): Promise<bigint | undefined> {
  const [row] = await db.executor.read(statement);
  const last = row === undefined ? undefined : new Columns(row).optionalText();
  return last === undefined ? undefined : BigInt(last);
}
