// How far the log had come, in a small file beside the database. A database that is behind its mark has lost
// acknowledged revocations (a restored backup, a cut write-ahead log) and is not served. DESIGN.md section 1.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { formatPosition, type Position, parsePosition } from "@rescind/core";

export class HighWaterMark {
  readonly #path: string;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-mark`;
  }

  /** The position noted last; undefined if there is none or it cannot be read. */
  read(): Position | undefined {
    try {
      const position = parsePosition(readFileSync(this.#path, "utf8").trim());
      return position?.hash === undefined ? undefined : { seq: position.seq, hash: position.hash };
    } catch {
      // A tripwire, not a source of truth: without it the database is judged by itself.
      return undefined;
    }
  }

  /** Notes a position that is committed. Not synced: an older mark is a weaker tripwire, never a false one. */
  write(position: Position): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, `${formatPosition(position)}\n`, { mode: 0o600 });
    renameSync(next, this.#path);
  }
}
