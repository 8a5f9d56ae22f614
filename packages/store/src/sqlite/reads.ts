// Reads of one turn of the event loop, in one snapshot that is taken after all of them were asked for: taking and giving
// up its lock costs more than most look-ups. A statement without parameters is run once for everybody who asks it.

import type { Row, Statement } from "../executor.ts";
import { StoreUnavailable } from "../store.ts";
import type { Connection } from "./connection.ts";

interface Waiting {
  readonly statement: Statement;
  readonly resolve: (rows: readonly Row[]) => void;
  readonly reject: (error: Error) => void;
}

export class Reads {
  readonly #connection: Connection;
  #waiting: Waiting[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws StoreUnavailable */
  add(statement: Statement): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statement, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Runs what waits; nothing of it depends on what anybody else asked. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const isShared = waiting.length > 1 && this.#begin();
    const known = new Map<string, readonly Row[]>();
    for (const { statement, resolve, reject } of waiting) {
      try {
        resolve(this.#rowsOf(statement, known));
      } catch (cause) {
        reject(new StoreUnavailable("The database could not be read.", { cause }));
      }
    }
    if (isShared) this.#end();
  }

  /** False where it cannot be begun: then each read says so by itself. */
  #begin(): boolean {
    try {
      this.#connection.run("BEGIN", []);
      return true;
    } catch {
      return false;
    }
  }

  #end(): void {
    try {
      this.#connection.run("COMMIT", []);
    } catch {
      // Nothing was changed, and what was read is answered; the next snapshot must be another one.
      if (this.#connection.database.isTransaction) this.#connection.run("ROLLBACK", []);
    }
  }

  #rowsOf({ sql, params }: Statement, known: Map<string, readonly Row[]>): readonly Row[] {
    if (params.length > 0) return this.#connection.run(sql, params);
    const rows = known.get(sql) ?? this.#connection.run(sql, params);
    known.set(sql, rows);
    return rows;
  }
}
