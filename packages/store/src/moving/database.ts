// A database as rows, whichever engine holds it: what backups, restores and moves read and write. One connection, one
// transaction at a time. Nothing here is on the way of a token.

import type { Home } from "@rescind/core";
import { StoreRefused } from "../store-refused.ts";
import type { Cells } from "./cells.ts";
import { openPostgresRows } from "./postgres-rows.ts";
import { openSqliteRows } from "./sqlite-rows.ts";
import type { Table } from "./tables.ts";

export type Engine = "sqlite" | "postgres";

export interface Rows {
  readonly engine: Engine;
  /** How the address is shown: no user and no password. */
  readonly shown: string;
  /** The number of the last migration; 0 for a database without one. */
  schema(): Promise<number>;
  /** Statements in the common subset with `$1`; whole numbers come as bigint. */
  query(sql: string, params?: Cells): Promise<readonly Cells[]>;
  insert(table: Table, rows: readonly Cells[]): Promise<void>;
  /** Begins a transaction that sees one moment, or one that writes. */
  begin(kind: "snapshot" | "write"): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Where it lives; undefined where that has no name. */
  home(): Promise<Home | undefined>;
  /** Brings the schema to the migration of this number, step by step, inside the transaction that was begun. */
  migrateTo(schema: number): Promise<void>;
  close(): Promise<void>;
}

export type Address =
  | { readonly engine: "sqlite"; readonly path: string }
  | { readonly engine: "postgres"; readonly url: string };

/** @throws StoreRefused for any other address */
export function addressOf(text: string): Address {
  const path = /^sqlite:(?!\/\/)(.+)$/s.exec(text)?.[1];
  if (path !== undefined) return { engine: "sqlite", path };
  if (/^postgres(ql)?:\/\//.test(text)) return { engine: "postgres", url: text };
  throw new StoreRefused(
    "The database must be named as sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
  );
}

/**
 * Opens a database that is there.
 * @param how `read` beside a running server; `hold` where none may run
 * @throws StoreRefused it cannot be opened, or a server runs on it
 */
export async function openRows(address: Address, how: "read" | "hold"): Promise<Rows> {
  return address.engine === "sqlite" ? openSqliteRows(address.path, how) : openPostgresRows(address.url, how);
}

/** All rows of a table by key, from after a key on, in pages. */
export async function* pagesOf(
  rows: Rows,
  table: Table,
  after?: Cells,
  size = 2000,
): AsyncGenerator<readonly Cells[]> {
  const columns = table.columns.map(({ name }) => name).join(", ");
  const key = table.key.join(", ");
  const places = table.key.map((_, index) => `$${index + 1}`).join(", ");
  const first = `SELECT ${columns} FROM ${table.name} ORDER BY ${key} LIMIT ${size}`;
  const next = `SELECT ${columns} FROM ${table.name} WHERE (${key}) > (${places}) ORDER BY ${key} LIMIT ${size}`;
  const inKey = table.key.map((name) => table.columns.findIndex((column) => column.name === name));
  for (let last = after; ; ) {
    const page = last === undefined ? await rows.query(first) : await rows.query(next, last);
    const end = page.at(-1);
    if (end === undefined) return;
    yield page;
    if (page.length < size) return;
    last = inKey.map((place) => end[place] ?? null);
  }
}
