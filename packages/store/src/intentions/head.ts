// The head of the log: read by every look-up in the same statement as its row, so that `rev` is never newer than
// the evidence. The longest lives are raised here.

import type { LongestLives } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row, Statement } from "../executor.ts";
import type { Head } from "../store.ts";

/** Takes the six columns with which every reading statement begins. */
export function takeHead(columns: Columns): Head {
  return {
    position: { seq: columns.whole(), hash: columns.text() },
    longest: { accessToken: columns.whole(), grant: columns.whole() },
    catalog: columns.whole(),
    nowMs: columns.whole(),
  };
}

export async function head(db: Database): Promise<Head> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms()
      FROM feed_head h CROSS JOIN catalog c`,
    params: [],
  });
  const found = takeHead(new Columns(onlyRow(rows)));
  db.longest.note(found.longest);
  return found;
}

/** Raises the stored maxima where these are greater; seconds. Serialises with orders: see the table's comment. */
export function raiseLongest(lives: LongestLives): Statement {
  return {
    sql: `UPDATE feed_head SET
        longest_access = CASE WHEN longest_access < $1 THEN $1 ELSE longest_access END,
        longest_grant = CASE WHEN longest_grant < $2 THEN $2 ELSE longest_grant END
      WHERE longest_access < $1 OR longest_grant < $2`,
    params: [lives.accessToken, lives.grant],
  };
}

/**
 * Makes sure that nothing is stored that lives longer than the maxima say, since entries are kept by them.
 * @throws RangeError registration must raise the maxima first
 */
export async function withinLongest(db: Database, lives: LongestLives): Promise<void> {
  if (fits(lives, db.longest.lives)) return;
  const { longest } = await head(db);
  if (!fits(lives, longest))
    throw new RangeError("a token or grant would outlive the longest life the database knows of");
}

/** The row of a statement that always has one. */
export function onlyRow(rows: readonly Row[] | undefined): Row {
  const row = rows?.[0];
  if (row === undefined) throw new TypeError("a statement that always has a row had none");
  return row;
}

function fits(lives: LongestLives, longest: LongestLives): boolean {
  return lives.accessToken <= longest.accessToken && lives.grant <= longest.grant;
}
