// Where entries are found by fingerprint: those up to a number in a table in the order of their fingerprints, the newest
// in an index of small parts (migrations/0013-fingerprints.ts). Here the number moves on, thousands at a time, so that a
// page of the table is written once for many entries; in small steps, since whoever writes waits for each. Every reader
// looks in both. Decision 0021.

import type { Connection } from "./connection.ts";

/** Entries that the table takes in together. */
const together = 4096;
/** Of these, in one step; more where entries come faster than steps. */
const inOneStep = { usually: 128, behind: 1024 };

const behind = "SELECT h.seq - u.seq FROM feed_head h CROSS JOIN entry_fps_upto u";
const last = `SELECT coalesce(max(w.seq), (SELECT h.seq FROM feed_head h)) FROM (
    SELECT e.seq FROM entries e WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) ORDER BY e.seq LIMIT ${together}) w`;
const inOrder = `SELECT e.seq FROM entries e
  WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) AND e.seq <= $1 AND e.fp IS NOT NULL ORDER BY e.fp`;
/** Of an entry that is there still; and once, if a step before was not the last. */
const takeIn =
  "INSERT INTO entry_fps (fp, seq) SELECT e.fp, e.seq FROM entries e WHERE e.seq = $1 ON CONFLICT DO NOTHING";
const moveOn = "UPDATE entry_fps_upto SET seq = $1";

export class FingerprintIntake {
  /** Numbers of entries that are left of those taken in together, in the order of their fingerprints. */
  #left: readonly number[] = [];
  #upto = 0;

  /**
   * Takes one step, in a transaction of its own, if there are enough; whether there was one to take. Throws the driver's
   * error, after which nothing was changed.
   */
  step(connection: Connection): boolean {
    const waiting = Number(connection.run(behind, [])[0]?.[0] ?? 0);
    if (this.#left.length > 0)
      this.#take(connection, waiting > 2 * together ? inOneStep.behind : inOneStep.usually);
    else if (waiting < together) return false;
    else {
      this.#upto = Number(connection.run(last, [])[0]?.[0] ?? 0);
      this.#left = connection.run(inOrder, [this.#upto]).map(([seq]) => Number(seq));
      if (this.#left.length === 0) connection.run(moveOn, [this.#upto]);
    }
    return true;
  }

  /** The database is opened anew. */
  forget(): void {
    this.#left = [];
  }

  #take(connection: Connection, most: number): void {
    connection.run("BEGIN IMMEDIATE", []);
    try {
      for (const seq of this.#left.slice(0, most)) connection.run(takeIn, [seq]);
      if (this.#left.length <= most) connection.run(moveOn, [this.#upto]);
      connection.run("COMMIT", []);
    } catch (error) {
      if (connection.database.isTransaction) connection.run("ROLLBACK", []);
      throw error;
    }
    this.#left = this.#left.slice(most);
  }
}
