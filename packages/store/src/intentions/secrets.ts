// Sealed bytes under a name (fingerprint key, pepper …): the first to store them decides for all.

import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { onlyRow } from "./head.ts";

export async function keepSecret(db: Database, name: string, sealed: Uint8Array): Promise<Uint8Array> {
  const results = await db.executor.apply([
    {
      sql: "INSERT INTO secrets (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
      params: [name, sealed],
    },
    { sql: "SELECT sealed FROM secrets WHERE name = $1", params: [name] },
  ]);
  return new Columns(onlyRow(results[1])).bytes();
}

export async function replaceSecret(db: Database, name: string, sealed: Uint8Array): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO secrets (name, sealed) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed`,
      params: [name, sealed],
    },
  ]);
}

export async function findSecret(db: Database, name: string): Promise<Uint8Array | undefined> {
  const [row] = await db.executor.read({ sql: "SELECT sealed FROM secrets WHERE name = $1", params: [name] });
  return row === undefined ? undefined : new Columns(row).bytes();
}
