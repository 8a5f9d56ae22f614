// Reading the log: head and entries in one statement, so that no entry can come between them.

import { type FeedEntry, isUnitName } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row } from "../executor.ts";
import { type FeedPage, type LoggedEntry, StoreUnavailable } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";

export async function readFeed(db: Database, after: number, limit: number): Promise<FeedPage> {
  // One row of the head and one of each entry: beside every entry the head's columns would be half of what is read.
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(), h.floor_seq, h.floor_hash,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM feed_head h CROSS JOIN catalog c
      UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        e.seq, e.kind, e.hash, e.at_ms, e.expires_s, e.lifts, e.unit, e.fp, e.before_s, e.suspend, e.ack,
        e.issuer, e.value, e.client, e.final
      FROM (SELECT * FROM entries WHERE seq > $1 ORDER BY seq LIMIT $2) e`,
    params: [after, limit + 1],
  });
  const columns = new Columns(onlyRow(rows.filter(isHead)));
  const head = takeHead(columns);
  const floor = { seq: columns.whole(), hash: columns.text() };
  const entries = rows.flatMap((row) =>
    isHead(row) ? [] : [takeEntry(new Columns(row.slice(headColumns)))],
  );
  // In their order already, as far as is known; nothing promises that of a union.
  entries.sort((a, b) => a.seq - b.seq);
  const more = entries.length > limit;
  return { head, entries: more ? entries.slice(0, limit) : entries, more, floor };
}

const headColumns = 8;

function isHead(row: Row): boolean {
  return row[0] !== null;
}

export async function hashAt(db: Database, seq: number): Promise<string | undefined> {
  const [row] = await db.executor.read({
    sql: `SELECT e.hash FROM entries e WHERE e.seq = $1
      UNION ALL SELECT h.floor_hash FROM feed_head h WHERE h.floor_seq = $1`,
    params: [seq],
  });
  return row === undefined ? undefined : new Columns(row).text();
}

export async function countAfter(db: Database, seq: number): Promise<number> {
  // Of all, SQLite counts an index's pages without reading what stands in them.
  const [row] = await db.executor.read(
    seq <= 0
      ? { sql: "SELECT count(*) FROM entries", params: [] }
      : { sql: "SELECT count(*) FROM entries e WHERE e.seq > $1", params: [seq] },
  );
  return row === undefined ? 0 : new Columns(row).whole();
}

/** @throws StoreUnavailable an entry that a newer version appended: what it ends, nobody knows here */
function takeEntry(columns: Columns): LoggedEntry {
  const seq = columns.whole();
  const kind = columns.text();
  const hash = columns.text();
  const atMs = columns.whole();
  const expires = columns.optionalWhole();
  const lifts = columns.optionalWhole();
  if (kind === "epoch") return { seq, kind, hash, atMs };
  const [unit, fp] = [columns.optionalText(), columns.optionalText()];
  const before = columns.optionalWhole();
  const suspend = columns.flag() || undefined;
  const ack = columns.flag() || undefined;
  if (kind === "lift" && lifts !== undefined)
    return { seq, kind, expires, lifts, ...(ack && { ack }), hash, atMs };
  if (kind !== "revoke" || !isUnitName(unit) || fp === undefined)
    throw new StoreUnavailable(
      `Entry ${seq} of the log is of a kind that this version does not know (${kind}): update this server.`,
    );
  const wire: FeedEntry = { seq, kind, unit, fp, before, suspend, expires, ack };
  const made = {
    issuer: columns.text(),
    value: columns.text(),
    client: columns.optionalText(),
    final: columns.flag(),
  };
  return { ...wire, ...made, hash, atMs };
}
