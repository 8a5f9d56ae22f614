// Opens the database a `--database` address names. CONTRACT.md section 2.

import { openPostgres, type PostgresOptions } from "./postgres/open.ts";
import { openSqlite, type SqliteOptions } from "./sqlite/open.ts";
import type { Store } from "./store.ts";
import { StoreRefused } from "./store-refused.ts";

export type StoreOptions = Omit<SqliteOptions, "path"> & Omit<PostgresOptions, "address">;

/**
 * @param address `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 * @throws StoreRefused for any other address, and as `openSqlite` and `openPostgres`
 * @throws StoreUnavailable the server cannot be reached
 */
export async function openStore(address: string, options: StoreOptions = {}): Promise<Store> {
  const path = /^sqlite:(?!\/\/)(.+)$/s.exec(address)?.[1];
  if (path !== undefined) return openSqlite({ ...options, path });
  if (/^postgres(ql)?:\/\//.test(address)) return openPostgres({ ...options, address });
  throw new StoreRefused(
    "The database must be named as sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
  );
}
