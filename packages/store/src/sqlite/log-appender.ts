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
  readonly longestAccess: number;
  readonly longestGrant: number;
}

const readHead = `SELECT h.seq, h.hash, h.audit_number, h.audit_hash, h.longest_access, h.longest_grant
  FROM feed_head h`;
const writeHead =
  "UPDATE feed_head SET seq = $1, hash = $2, audit_number = $3, audit_hash = $4, last_order = $5";
/** As in the function: the record of the order that it repeats, and the order of an equal entry. */
const known = `SELECT coalesce((SELECT min(a.number) FROM audit a WHERE a.order_id = $10),
    (SELECT min(a.number) FROM audit a WHERE a.idempotency = $11)),
  (SELECT CAST(min(equal.order_id) AS TEXT) FROM (${equalEntry}) equal)`;
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
    const [earlier = null, equal = null] = this.#known(connection, order);
    const has = (name: "longest_access" | "longest_grant") => Number(order[place[name]]);
    const isRisen = head.longestAccess > has("longest_access") || head.longestGrant > has("longest_grant");
    const isAppended = earlier === null && equal === null && !isRisen;
    if (isAppended) this.#store(connection, order, head);
    this.#lastOrder = isAppended ? orNull(order[place.id]) : null;
    const numbers = [isAppended ? head.seq : null, head.seq, head.longestAccess, head.longestGrant];
    return [...numbers, earlier, equal];
  }

  #known(connection: Connection, order: readonly SqlValue[]): Row {
    const value = (name: keyof typeof place) => orNull(order[place[name]]);
    const second = Math.ceil(Number(value("at_ms")) / 1000);
    const left = (end: SqlValue) => (end === null ? 0 : Number(end) - second);
    const [row] = connection.run(known, [
      // No unit is null, so that nothing is equal to an order that is always appended.
      value("once") === 1 ? value("unit") : null,
      value("value"),
      value("issuer"),
      value("client") ?? "",
      value("suspend"),
      value("final"),
      value("liftable"),
      left(value("expires_s")),
      left(value("keep_until_s")),
      value("id"),
      value("idempotency"),
    ]);
    return row ?? [];
  }

  /** The entry and its record, and the head moved on. */
  #store(connection: Connection, order: readonly SqlValue[], head: Head): void {
    const value = (name: keyof typeof place) => orNull(order[place[name]]);
    head.seq += 1;
    head.hash = entryHash(head.hash, head.seq, order);
    head.auditNumber += 1;
    head.auditHash = auditHash(head.auditHash, head, order);
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

function headOf(row: Row | undefined): Head {
  const columns = new Columns(row ?? []);
  return {
    seq: columns.whole(),
    hash: columns.text(),
    auditNumber: columns.whole(),
    auditHash: columns.text(),
    longestAccess: columns.whole(),
    longestGrant: columns.whole(),
  };
}
