// Appends orders to the log in the writer's transaction: what PostgreSQL's function `rescind_append` does, with the head
// in memory from the first order of the transaction to the last, and both chains hashed here. Statements that read the
// head themselves come after `settle`. DESIGN.md sections 1 and 4.

import { Columns, orNull } from "../columns.ts";
import type { Row, SqlValue } from "../executor.ts";
import { orderColumns, place } from "../intentions/append.ts";
import { equalEntry } from "../intentions/order-statements.ts";
import { auditHash, entryHash } from "./chain-hashes.ts";
import type { Connection } from "./connection.ts";

interface Head {
  seq: number;
  hash: string;
  auditNumber: number;
  auditHash: string;
  /** Of the orders on the log; those with a greater one are not. */
  greatestId: bigint;
  readonly longestAccess: number;
  readonly longestGrant: number;
}

const readHead = `SELECT h.seq, h.hash, h.audit_number, h.audit_hash, h.longest_access, h.longest_grant,
    CAST((SELECT max(a.order_id) FROM audit a WHERE a.order_id IS NOT NULL) AS TEXT)
  FROM feed_head h`;
const writeHead =
  "UPDATE feed_head SET seq = $1, hash = $2, audit_number = $3, audit_hash = $4, last_order = $5";
// As in the function: the record of the order that it repeats, and the order of an equal entry.
const byId = "SELECT a.number FROM audit a WHERE a.order_id = $1";
const byIdempotency = "SELECT a.number FROM audit a WHERE a.idempotency = $1";
const equal = `SELECT CAST(min(equal.order_id) AS TEXT) FROM (${equalEntry}) equal`;
const storeEntry = `INSERT INTO entries (seq, kind, unit, issuer, value, client, fp, before_s, suspend, expires_s,
    keep_until_s, ack, final, liftable, hash, at_ms, order_id)
  VALUES ($1, 'revoke', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`;
const storeRecord = `INSERT INTO audit (number, order_id, seq, at_ms, action, actor_kind, actor_id, content, feed_hash,
    hash, idempotency, subject, client_id, grant_id)
  VALUES ($1, $2, $3, $4, 'revoke', $5, $6, $7, $8, $9, $10, $11, $12, $13)`;

export class LogAppender {
  #head: Head | undefined;
  #lastOrder: SqlValue = null;

  /** Appends the orders of one statement; a row for each. Throws the driver's error. */
  append(connection: Connection, params: readonly SqlValue[]): Row[] {
    const rows: Row[] = [];
    for (let at = 0; at < params.length; at += orderColumns.length)
      rows.push(this.#one(connection, params.slice(at, at + orderColumns.length)));
    return rows;
  }

  /** Writes the head, if there were orders; needed before whatever else reads it, and before the commit. */
  settle(connection: Connection): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    // Where nothing was appended, too: then it is the write that makes the commit wait for the disk all the same.
    connection.run(writeHead, [head.seq, head.hash, head.auditNumber, head.auditHash, this.#lastOrder]);
  }

  /** Of what was rolled back nothing is known any more. */
  forget(): void {
    this.#head = undefined;
  }

  #one(connection: Connection, order: readonly SqlValue[]): Row {
    this.#head ??= headOf(connection.run(readHead, [])[0]);
    const head = this.#head;
    const earlier = earlierOf(connection, order, head);
    const same = earlier === null ? equalOf(connection, order) : null;
    const has = (name: "longest_access" | "longest_grant") => Number(order[place[name]]);
    const isRisen = head.longestAccess > has("longest_access") || head.longestGrant > has("longest_grant");
    const isAppended = earlier === null && same === null && !isRisen;
    if (isAppended) this.#store(connection, order, head);
    this.#lastOrder = isAppended ? orNull(order[place.id]) : null;
    const { seq, hash, longestAccess, longestGrant } = head;
    return [
      isAppended ? seq : null,
      seq,
      longestAccess,
      longestGrant,
      earlier,
      same,
      isAppended ? hash : null,
    ];
  }

  /** The entry and its record, and the head moved on. */
  #store(connection: Connection, order: readonly SqlValue[], head: Head): void {
    const value = (name: keyof typeof place) => orNull(order[place[name]]);
    head.seq += 1;
    head.hash = entryHash(head.hash, head.seq, order);
    head.auditNumber += 1;
    head.auditHash = auditHash(head.auditHash, head, order);
    head.greatestId = greater(head.greatestId, idOf(order));
    connection.run(storeEntry, [
      head.seq,
      value("unit"),
      value("issuer"),
      value("value"),
      value("client"),
      value("fp"),
      value("before_s"),
      value("suspend"),
      value("expires_s"),
      value("keep_until_s"),
      value("ack"),
      value("final"),
      value("liftable"),
      head.hash,
      value("at_ms"),
      value("id"),
    ]);
    connection.run(storeRecord, [
      head.auditNumber,
      value("id"),
      head.seq,
      value("at_ms"),
      value("actor_kind"),
      value("actor_id"),
      value("content"),
      head.hash,
      head.auditHash,
      value("idempotency"),
      value("subject"),
      value("client_id"),
      value("grant_id"),
    ]);
  }
}

/** The record of the order that it repeats, if it does. Ids are made in order, so that almost none has to be looked up. */
function earlierOf(connection: Connection, order: readonly SqlValue[], head: Head): SqlValue {
  const id = idOf(order);
  const [known] = id > head.greatestId ? [] : connection.run(byId, [id]);
  if (known !== undefined) return orNull(known[0]);
  const digest = orNull(order[place.idempotency]);
  if (digest === null) return null;
  return orNull(connection.run(byIdempotency, [digest])[0]?.[0]);
}

/** The order of an equal entry, if there is one; nothing is equal to an order that is always appended. */
function equalOf(connection: Connection, order: readonly SqlValue[]): SqlValue {
  const value = (name: keyof typeof place) => orNull(order[place[name]]);
  if (value("once") !== 1) return null;
  const second = Math.ceil(Number(value("at_ms")) / 1000);
  const left = (end: SqlValue) => (end === null ? 0 : Number(end) - second);
  const [row] = connection.run(equal, [
    value("unit"),
    value("value"),
    value("issuer"),
    value("client") ?? "",
    value("suspend"),
    value("final"),
    value("liftable"),
    left(value("expires_s")),
    left(value("keep_until_s")),
  ]);
  return orNull(row?.[0]);
}

function idOf(order: readonly SqlValue[]): bigint {
  const id = order[place.id];
  if (typeof id !== "bigint") throw new TypeError("an order's id is no bigint");
  return id;
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function headOf(row: Row | undefined): Head {
  const columns = new Columns(row ?? []);
  return {
    seq: columns.whole(),
    hash: columns.text(),
    auditNumber: columns.whole(),
    auditHash: columns.text(),
    longestAccess: columns.whole(),
    longestGrant: columns.whole(),
    greatestId: BigInt(columns.optionalText() ?? 0),
  };
}
