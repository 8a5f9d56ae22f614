// Where entries are found by fingerprint: those up to a number in a table in the order of their fingerprints, the newest
// in an index of small parts (migrations/0013-fingerprints.ts). Here the number moves on, many thousands at a time, so that
// a page of the table is written once for several entries; in small steps that keep pace with the orders that come, since
// whoever writes waits for each. Every reader looks in both. Decision 0021.

import { span } from "../migrations/0013-fingerprints.ts";
import type { Connection } from "./connection.ts";

/** Entries that the table takes in together. */
const together = 16_384;
/** Ranges of fingerprints in which it does, one after the other; of much the same size, since fingerprints are hashes. */
const ranges = 128;
/** Entries that come for each range that is taken in: fewer than are in it, so that the table follows. */
const perRange = 96;
/** Ranges in one step at most; so many where the table is behind. */
const most = 8;
/** Entries for which the table is behind. */
const tooMany = 2 * together;
const behind = "SELECT h.seq, h.seq - u.seq FROM feed_head h CROSS JOIN entry_fps_upto u";
/** Numbers have no gaps but where entries were removed, so that these are as many, or fewer. */
const last = `SELECT min(h.seq, coalesce(${together - 1} + (SELECT e.seq FROM entries e
    WHERE e.seq > u.seq ORDER BY e.seq LIMIT 1), h.seq)) FROM feed_head h CROSS JOIN entry_fps_upto u`;
/**
 * Of entries that are there still; and once, if what was begun before did not come to its end. Only the parts that these
 * stand in are looked through: there are very many where the table is far behind.
 */
const takeIn = `INSERT INTO entry_fps (fp, seq)
  WITH RECURSIVE parts (part) AS (
    SELECT (SELECT e.seq / ${span} FROM entries e
      WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) AND e.seq <= $3 ORDER BY e.seq LIMIT 1)
    UNION ALL SELECT (SELECT e.seq / ${span} FROM entries e
      WHERE e.seq >= (p.part + 1) * ${span} AND e.seq <= $3 ORDER BY e.seq LIMIT 1)
    FROM parts p WHERE p.part IS NOT NULL)
  SELECT e.fp, e.seq FROM parts p CROSS JOIN entries e
    ON e.seq / ${span} = p.part AND e.fp >= $1 AND e.fp < $2
  WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) AND e.seq <= $3 ORDER BY e.fp
  ON CONFLICT DO NOTHING`;
const moveOn = "UPDATE entry_fps_upto SET seq = $1";

/** The digits of base64url in the order in which the database compares them. */
const digits = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
/** Behind every text. */
const end = "\u{10ffff}";

interface Taking {
  /** The last entry of those that are taken in together. */
  readonly upto: number;
  readonly nextRange: number;
}

export class FingerprintIntake {
  #taking: Taking | undefined;
  /** The entry for which the last range was taken in. */
  #takenFor = 0;

  /**
   * Takes a step, in a transaction of its own: as many ranges as entries came for since the last one, if there are enough
   * that wait. Throws the driver's error, after which nothing was changed.
   */
  step(connection: Connection): void {
    const { head, waiting } = this.#look(connection);
    const due = Math.floor((head - this.#takenFor) / perRange);
    const isBehind = waiting > tooMany || due > most;
    if (this.#taking === undefined || isBehind) this.#takenFor = head;
    if (this.#taking === undefined || (!isBehind && due < 1)) return;
    if (!isBehind) this.#takenFor += due * perRange;
    this.#take(connection, this.#taking, isBehind ? most : due);
  }

  /**
   * Where the table is behind: takes in all there are, before anybody writes, each page of the table once. Throws as
   * `step`; what was not reached is left for it.
   */
  catchUp(connection: Connection): void {
    const { head, waiting } = this.#look(connection);
    if (waiting <= tooMany) return;
    this.#taking = { upto: head, nextRange: 0 };
    try {
      while (this.#taking !== undefined) this.#take(connection, this.#taking, most);
    } finally {
      this.forget();
    }
  }

  /** The database is opened anew. */
  forget(): void {
    this.#taking = undefined;
    this.#takenFor = 0;
  }

  /** How far the log is, and how much of it the table has not; begins with the next of these where there are enough. */
  #look(connection: Connection): { readonly head: number; readonly waiting: number } {
    const [row] = connection.run(behind, []);
    const [head, waiting] = [Number(row?.[0] ?? 0), Number(row?.[1] ?? 0)];
    if (this.#taking === undefined && waiting >= together)
      this.#taking = { upto: Number(connection.run(last, [])[0]?.[0] ?? head), nextRange: 0 };
    return { head, waiting };
  }

  #take(connection: Connection, { upto, nextRange }: Taking, count: number): void {
    const after = nextRange + count;
    connection.run("BEGIN IMMEDIATE", []);
    try {
      connection.run(takeIn, [beginningOf(nextRange), beginningOf(after), upto]);
      if (after >= ranges) connection.run(moveOn, [upto]);
      connection.run("COMMIT", []);
    } catch (error) {
      if (connection.database.isTransaction) connection.run("ROLLBACK", []);
      throw error;
    }
    this.#taking = after >= ranges ? undefined : { upto, nextRange: after };
  }
}

/** Where a range begins, which is where the one before ends; together they hold every text. */
function beginningOf(range: number): string {
  if (range === 0) return "";
  if (range >= ranges) return end;
  const place = Math.floor((range * digits.length ** 2) / ranges);
  return digits.charAt(place / digits.length) + digits.charAt(place % digits.length);
}
