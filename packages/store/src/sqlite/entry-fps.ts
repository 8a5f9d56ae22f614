// Where entries are found by fingerprint: those up to a number in a table in the order of their fingerprints, the newest
// in an index of small parts (migrations/0013-fingerprints.ts). Here the number moves on, thousands at a time, so that a
// page of the table is written once for many entries. Every reader looks in both. Decision 0021.

import type { Connection } from "./connection.ts";

/** Entries that the table takes in at once. */
const atOnce = 4096;

const behind = "SELECT h.seq - u.seq FROM feed_head h CROSS JOIN entry_fps_upto u";
const last = `SELECT coalesce(max(w.seq), (SELECT h.seq FROM feed_head h)) FROM (
    SELECT e.seq FROM entries e WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) ORDER BY e.seq LIMIT ${atOnce}) w`;
const takeIn = `INSERT INTO entry_fps (fp, seq) SELECT e.fp, e.seq FROM entries e
  WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) AND e.seq <= $1 AND e.fp IS NOT NULL ORDER BY e.fp`;
const moveOn = "UPDATE entry_fps_upto SET seq = $1";

/**
 * Has the table take in the oldest of the newest entries, in a transaction of its own, if there are enough; whether
 * there were. Throws the driver's error, after which nothing was changed.
 */
export function takeInFingerprints(connection: Connection): boolean {
  if (Number(connection.run(behind, [])[0]?.[0] ?? 0) < atOnce) return false;
  connection.run("BEGIN IMMEDIATE", []);
  try {
    const to = connection.run(last, [])[0]?.[0] ?? 0;
    connection.run(takeIn, [to]);
    connection.run(moveOn, [to]);
    connection.run("COMMIT", []);
    return true;
  } catch (error) {
    if (connection.database.isTransaction) connection.run("ROLLBACK", []);
    throw error;
  }
}
