// One connection to an SQLite file: settings, functions, and statements prepared once.

import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Row, SqlValue } from "../executor.ts";
import { defineFunctions } from "./functions.ts";

export interface ConnectionOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** Leaves file and write-ahead log as they are; closing any other last connection writes the one into the other. */
  readonly inspects?: boolean | undefined;
}

/** Pages between checkpoints of the write-ahead log: 16 MiB of 4 KiB pages. */
const checkpointPages = 4096;

export class Connection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor({ path, busyTimeoutMs, inspects }: ConnectionOptions) {
    this.database = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: inspects === true });
    defineFunctions(this.database);
  }

  /** For the one connection that writes: an answered commit is on disk. */
  writeDurably(): void {
    this.database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA wal_autocheckpoint = ${checkpointPages};
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -32768;
      PRAGMA temp_store = MEMORY;`);
  }

  /** For connections that only read: a statement that changed something would be an error. */
  readOnly(): void {
    this.database.exec("PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;");
  }

  /** Runs a statement with `$1` placeholders. Throws the driver's error. */
  run(sql: string, params: readonly SqlValue[]): Row[] {
    const rows: unknown = this.#prepared(sql).all(...params);
    return rows as Row[]; // parsing boundary: the driver gives arrays of these values where it is told to
  }

  /** One pragma's value. */
  pragma(name: string): SqlValue {
    return this.run(`PRAGMA ${name}`, [])[0]?.[0] ?? null;
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql.replaceAll(/\$(\d)/g, "?$1"));
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}
