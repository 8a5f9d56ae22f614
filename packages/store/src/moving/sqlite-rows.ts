// An SQLite file as rows. Beside a running server it is read as it was at one moment; held, no server can open it.

import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { migrations } from "../migrations/migrations.ts";
import { applicationId } from "../sqlite/file.ts";
import { defineFunctions } from "../sqlite/functions.ts";
import { StoreRefused } from "../store-refused.ts";
import type { Cells } from "./cells.ts";
import type { Rows } from "./database.ts";
import type { Table } from "./tables.ts";

/** https://sqlite.org/rescode.html */
const busy = 5;
const locked = 6;
/** Milliseconds to wait for somebody else's lock. */
const busyMs = 5000;

/** A server runs on the file, or another command does. */
export class InUse extends StoreRefused {}

/** @throws StoreRefused there is no such file, it is another program's, or a server runs on it */
export async function openSqliteRows(path: string, how: "read" | "hold"): Promise<Rows> {
  if (!existsSync(path)) throw new StoreRefused(`There is no database ${path}.`);
  const database = open(path, how === "read");
  if (how === "hold") hold(database, path);
  if (pragma(database, "application_id") !== BigInt(applicationId)) {
    database.close();
    throw new StoreRefused(`${path} is not a database of Rescind.`);
  }
  return sqliteRows(database, path);
}

/** An empty database, which nobody knows of before it is renamed to where it belongs. */
export function createSqliteRows(path: string): Rows {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = open(path, false);
  database.exec(
    `PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`,
  );
  return sqliteRows(database, path);
}

function open(path: string, readOnly: boolean): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: busyMs, readOnly });
    defineFunctions(database);
    return database;
  } catch (cause) {
    throw new StoreRefused(`${path} cannot be opened: ${cause instanceof Error ? cause.message : cause}.`, {
      cause,
    });
  }
}

/** Whoever serves it has it open all the time, which this lock excludes, and it excludes whoever would begin to. */
function hold(database: DatabaseSync, path: string): void {
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK; PRAGMA synchronous = FULL;");
  } catch (cause) {
    database.close();
    if (!isLocked(cause)) throw cause;
    throw new InUse(`${path} is in use: stop the server that runs on it first.`, { cause });
  }
}

function isLocked(cause: unknown): boolean {
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 255 : 0;
  return code === busy || code === locked;
}

function sqliteRows(database: DatabaseSync, path: string): Rows {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql.replaceAll(/\$(\d)/g, "?$1"));
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    statements.set(sql, statement);
    return statement;
  };
  return {
    engine: "sqlite",
    shown: `sqlite:${path}`,
    schema: async () => Number(pragma(database, "user_version")),
    query: async (sql, params = []) => {
      const rows: unknown = prepared(sql).all(...params);
      return rows as Cells[]; // parsing boundary: arrays of these values, where the driver is told to
    },
    insert: async ({ name, columns }: Table, rows) => {
      const places = columns.map((_, index) => `?${index + 1}`).join(", ");
      const names = columns.map((column) => column.name).join(", ");
      const statement = prepared(`INSERT INTO ${name} (${names}) VALUES (${places})`);
      for (const row of rows) statement.run(...row);
    },
    begin: async (kind) => {
      database.exec(kind === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
    },
    commit: async () => database.exec("COMMIT"),
    rollback: async () => {
      if (database.isTransaction) database.exec("ROLLBACK");
    },
    home: async () => undefined,
    migrateTo: async (schema) => {
      const version = Number(pragma(database, "user_version"));
      for (const { number, sqlite } of migrations)
        if (number > version && number <= schema)
          database.exec(`${sqlite}; PRAGMA user_version = ${number};`);
    },
    close: async () => {
      statements.clear();
      if (database.isOpen) database.close();
    },
  };
}

function pragma(database: DatabaseSync, name: string): bigint {
  const statement = database.prepare(`PRAGMA ${name}`);
  statement.setReadBigInts(true);
  return BigInt(String(Object.values(statement.get() ?? {})[0] ?? 0));
}
