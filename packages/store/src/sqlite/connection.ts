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

interface Prepared {
  readonly statement: StatementSync;
  /** The last parameter is the time. */
  readonly asksTime: boolean;
  readonly gives: "nothing" | "counted" | "rows";
}

const none: readonly Row[] = [];
const one: Row = [1];

/** Ends what changes rows and says of each that it did, which SQLite counts in any case: gathering rows costs more. */
const counting = /\sRETURNING 1\s*$/;

/** As PostgreSQL's function of this name; bound as a parameter, since calling back from a statement costs much more. */
const time = "rescind_now_ms()";

/**
 * Pages of 4 KiB after which a commit itself has the write-ahead log's pages moved into the database, and is answered 10 to
 * 20 ms later. Where many commits come, the writer does so before, after a quarter of them: Batches.
 */
const checkpointPages = 4096;

export class Connection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, Prepared>();

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
      PRAGMA cache_size = -16384;
      PRAGMA temp_store = MEMORY;`);
  }

  /** For connections that only read: a statement that changed something would be an error. */
  readOnly(): void {
    this.database.exec("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;");
  }

  /** Runs a statement with `$1` placeholders. Throws the driver's error. */
  run(sql: string, params: readonly SqlValue[]): readonly Row[] {
    const { statement, asksTime, gives } = this.#prepared(sql);
    const values = asksTime ? [...params, Date.now()] : params;
    if (gives !== "rows") {
      const { changes } = statement.run(...values);
      return gives === "nothing" || changes === 0 ? none : new Array<Row>(Number(changes)).fill(one);
    }
    const rows: unknown = statement.all(...values);
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

  #prepared(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const asksTime = sql.includes(time);
    const numbers = Array.from(sql.matchAll(/\$(\d+)/g), ([, number]) => Number(number));
    const last = `?${Math.max(0, ...numbers) + 1}`;
    const counted = sql.replace(counting, "");
    const statement = this.database.prepare(counted.replaceAll(time, last).replaceAll(/\$(\d)/g, "?$1"));
    statement.setReturnArrays(true);
    const gives = counted !== sql ? "counted" : statement.columns().length > 0 ? "rows" : "nothing";
    const prepared: Prepared = { statement, asksTime, gives };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
