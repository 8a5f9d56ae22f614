// How far the log had come, in a small file beside the database. A database that is behind its mark has lost acknowledged
// revocations. After a clean end its write-ahead log is empty, so that an older copy was put in its place: a new epoch
// begins. After a crash it may as well be damaged, and is not served. DESIGN.md section 1, FAULTS rows 8 and 9.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { formatPosition, type Position, parsePosition } from "@rescind/core";

const closed = "closed";
const open = "open";

interface Marked extends Position {
  /** Whether it was by a clean end. */
  readonly isClosed: boolean;
  /** The machine's run in which it was noted, where nothing written in it can have been lost: `machineRunOf`. */
  readonly run: string | undefined;
}

export class HighWaterMark {
  readonly #path: string;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-mark`;
  }

  /** What was noted last; undefined if there is nothing or it cannot be read. */
  read(): Marked | undefined {
    try {
      const [text = "", state, run] = readFileSync(this.#path, "utf8").trim().split(" ");
      const position = parsePosition(text);
      if (position?.hash === undefined) return undefined;
      return { seq: position.seq, hash: position.hash, isClosed: state === closed, run };
    } catch {
      // A tripwire, not a source of truth: without it the database is judged by itself.
      return undefined;
    }
  }

  /** Notes a position that is committed. Not synced: an older mark is a weaker tripwire, never a false one. */
  write(position: Position, run?: string): void {
    this.#put(run === undefined ? formatPosition(position) : `${formatPosition(position)} ${open} ${run}`);
  }

  /** Says of what was noted last that everything is in the database's file now and nothing more comes. */
  close(): void {
    const last = this.read();
    if (last !== undefined) this.#put(`${formatPosition(last)} ${closed}`);
  }

  #put(text: string): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, `${text}\n`, { mode: 0o600 });
    renameSync(next, this.#path);
  }
}
