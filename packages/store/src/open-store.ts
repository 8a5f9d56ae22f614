// Opens the database a `--database` address names. CONTRACT.md section 2.

import { openSqlite, type SqliteOptions } from "./sqlite/open.ts";
import type { Store } from "./store.ts";
import { StoreRefused } from "./store-refused.ts";

/**
 * @param address `sqlite:PATH`
 * @throws StoreRefused for any other address, and as `openSqlite`
 */
export async function openStore(address: string, options: Omit<SqliteOptions, "path"> = {}): Promise<Store> {
  const path = /^sqlite:(?!\/\/)(.+)$/s.exec(address)?.[1];
  if (path !== undefined) return openSqlite({ ...options, path });
  if (/^postgres(ql)?:/.test(address))
    throw new StoreRefused("This version keeps its data in SQLite only: use --database sqlite:PATH.");
  throw new StoreRefused("The database must be named as sqlite:PATH.");
}
