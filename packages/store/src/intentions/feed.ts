// Reading the log: head and entries in one statement, so that no entry can come between them.

import { isUnitName } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row } from "../executor.ts";
import type { FeedPage, LoggedEntry } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";
import { unknownEntry } from "./kept-entries.ts";

export async function readFeed(db: Database, after: number, limit: number): Promise<FeedPage> {
  // One row of the head, and one of each entry in the same columns: most of an entry's members are null, and cost nothing.
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(), h.floor_seq, h.floor_hash,
        NULL, NULL, NULL, NULL, '${headKind}'
      FROM feed_head h CROSS JOIN catalog c
      UNION ALL SELECT e.seq, e.hash, e.at_ms, e.expires_s, e.before_s, e.lifts,
        NULLIF(${suspends} * e.suspend + ${isFinal} * e.final + ${asksAck} * e.ack, 0), e.unit,
        e.fp, e.issuer, e.value, e.client, NULLIF(e.kind, 'revoke')
      FROM (SELECT * FROM entries WHERE seq > $1 ORDER BY seq LIMIT $2) e`,
    params: [after, limit + 1],
  });
  const columns = new Columns(onlyRow(rows.filter(isHead)));
  const head = takeHead(columns);
  const floor = { seq: columns.whole(), hash: columns.text() };
  const entries = rows.flatMap((row) => (isHead(row) ? [] : [entryOf(row)]));
  // In their order already, as far as is known; nothing promises that of a union.
  entries.sort((a, b) => a.seq - b.seq);
  const more = entries.length > limit;
  return { head, entries: more ? entries.slice(0, limit) : entries, more, floor };
}

const headKind = "head";
const suspends = 1;
const isFinal = 2;
const asksAck = 4;

function isHead(row: Row): boolean {
  return row[12] === headKind;
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

/**
 * Of a row as it is, since reading column after column costs as much as SQLite does.
 * @throws StoreUnavailable an entry that a newer version appended
 */
function entryOf(row: Row): LoggedEntry {
  const [seq, hash, atMs, ends, from, lifted, bits, unit, fp, issuer, value, client, otherKind] = row;
  if (typeof seq !== "number" || typeof hash !== "string" || typeof atMs !== "number")
    throw new TypeError("an entry has no number, hash or time");
  const flags = typeof bits === "number" ? bits : 0;
  const expires = typeof ends === "number" ? ends : undefined;
  const ack = (flags & asksAck) !== 0 || undefined;
  if (otherKind === "epoch") return { seq, kind: "epoch", hash, atMs };
  if (otherKind === "lift" && typeof lifted === "number")
    return { seq, kind: "lift", expires, lifts: lifted, ...(ack && { ack }), hash, atMs };
  if (otherKind !== null || !isUnitName(unit) || typeof fp !== "string") throw unknownEntry(seq, otherKind);
  if (typeof issuer !== "string" || typeof value !== "string")
    throw new TypeError(`entry ${seq} does not say what it ends`);
  return {
    seq,
    kind: "revoke",
    unit,
    fp,
    before: typeof from === "number" ? from : undefined,
    suspend: (flags & suspends) !== 0 || undefined,
    expires,
    ack,
    issuer,
    value,
    client: typeof client === "string" ? client : undefined,
    final: (flags & isFinal) !== 0,
    hash,
    atMs,
  };
}
