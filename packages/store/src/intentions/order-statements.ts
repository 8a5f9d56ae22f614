// The statements of an order: its number and its record's place in the chain under the head's lock, then the entry, the
// record, and what ends with the unit. Each after the first is done only if the order was numbered.

import {
  auditBytes,
  canonicalMembers,
  type EntryLife,
  isWide,
  type LongestLives,
  type RevokeEntry,
} from "@rescind/core";
import { asFlag, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { Order } from "../store.ts";
import { aboutOrder } from "./audit-about.ts";
import { storeEntryAudit } from "./audit-record.ts";
import { removeConsents } from "./consents.ts";
import { claimed } from "./people-turn.ts";
import { endSubscriptions } from "./subscription-ends.ts";

/**
 * The statements of one order, with what goes in its transaction, only while this change of a user may go on; the
 * second has a row (its number) if it was appended. Whoever puts it beside other statements takes their locks before.
 * Orders that hang on no such condition are appended by one statement for all of a moment (append.ts).
 */
export function orderStatements(
  db: Pick<Database, "issuer">,
  order: Order,
  longest: LongestLives,
  claim: bigint,
): Statement[] {
  return [takeTurn(), ...numberedStatements(db, order, longest, claim)];
}

/** For who has the head's lock already; the first has a row if the order was appended. */
export function numberedStatements(
  db: Pick<Database, "issuer">,
  order: Order,
  longest: LongestLives,
  claim?: bigint,
): Statement[] {
  const life = order.lifeFor(longest);
  const { about, ...content } = contentOf(order, db.issuer);
  const { actor, atMs, id: orderId } = order;
  const record = {
    action: "revoke",
    actor,
    atMs,
    orderId,
    content: JSON.stringify({ ...content, about }),
  };
  const kept = { idempotency: orNull(order.idempotency), lifts: null, about };
  return [
    takeNumber(order, { longest, life, claim, record: auditBytes(record) }),
    storeEntry(order, life),
    storeEntryAudit(record, kept),
    ...endedBy(order),
  ];
}

/** The statements that end what goes with the unit, in the order's transaction, if it was appended. */
export function endedBy(order: Order): Statement[] {
  return [...(order.unit.name === "subject+client" ? removeConsents(order) : []), ...endSubscriptions(order)];
}

/** Whether they ask for the head's `last_order`: then no other order may be appended before them. */
export function asksForLast(order: Order): boolean {
  return order.unit.name !== "grant" && endedBy(order).length > 0;
}

/**
 * Waits for the head's lock, so that the next statement sees everything the orders before this one did: under
 * PostgreSQL a statement that waits inside goes on with what it had seen before. Clears `last_order`, by which the
 * statements after it know whether this order was numbered.
 */
export function takeTurn(): Statement {
  return { sql: "UPDATE feed_head SET last_order = NULL", params: [] };
}

/**
 * An entry that makes this order needless: of the same unit, standing, at least as hard to take back. One made under
 * the same maxima stays as long as anything it covers can live.
 */
export const equalEntry = `SELECT e.order_id FROM entries e
  WHERE e.unit = $1 AND e.value = $2 AND e.issuer = $3 AND coalesce(e.client, '') = $4
    AND e.kind = 'revoke' AND e.lifted_by IS NULL AND e.suspend = $5
    AND e.final >= $6 AND e.liftable <= $7
    AND (e.suspend = 1 OR (e.expires_s - (e.at_ms + 999) / 1000 >= $8
      AND e.keep_until_s - (e.at_ms + 999) / 1000 >= $9))`;

/** The nine parameters of `equalEntry`. */
function equalParams(order: Order, life: EntryLife): SqlValue[] {
  const { unit, suspend, final } = order;
  return [
    unit.name,
    unit.value,
    unit.issuer,
    unit.client ?? "",
    asFlag(suspend),
    asFlag(final),
    asFlag(isLiftable(order)),
    secondsFrom(order, life.expires),
    secondsFrom(order, life.keepUntil),
  ];
}

// Made once: a text that is put together anew for each order is looked up by all its letters each time.
const numbered = numbering("");
const numberedIfClaimed = numbering(`AND ${claimed("$17")}`);

function numbering(condition: string): string {
  return `UPDATE feed_head SET
        seq = seq + 1,
        hash = rescind_chain(hash, seq + 1, $11),
        last_order = $10,
        audit_number = audit_number + 1,
        audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, seq + 1, rescind_chain(hash, seq + 1, $11), $16)
      WHERE longest_access <= $12 AND longest_grant <= $13
        AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.order_id = $10)
        AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.idempotency = $14)
        AND ($15 = 0 OR NOT EXISTS (${equalEntry}))
        ${condition}
      RETURNING seq`;
}

interface Numbering {
  readonly longest: LongestLives;
  readonly life: EntryLife;
  readonly claim: bigint | undefined;
  /** The bytes of the audit record. */
  readonly record: Uint8Array;
}

function takeNumber(order: Order, { longest, life, claim, record }: Numbering): Statement {
  const once = !isWide(order.unit.name) || order.suspend === true;
  return {
    sql: claim === undefined ? numbered : numberedIfClaimed,
    params: [
      ...equalParams(order, life),
      BigInt(order.id),
      canonicalMembers(entryOf(order, life)),
      longest.accessToken,
      longest.grant,
      orNull(order.idempotency),
      asFlag(once),
      record,
      ...(claim === undefined ? [] : [claim]),
    ],
  };
}

function storeEntry(order: Order, life: EntryLife): Statement {
  return {
    sql: `INSERT INTO entries (order_id, unit, issuer, value, client, fp, before_s, suspend, expires_s, keep_until_s,
        ack, final, liftable, seq, kind, hash, at_ms)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, h.seq, 'revoke', h.hash, $14
      FROM feed_head h WHERE h.last_order = $1`,
    params: [...entryParams(order, life), order.atMs],
  };
}

/** What an entry holds of its order: the columns from `order_id` to `liftable` as `storeEntry` names them. */
export function entryParams(order: Order, { expires, keepUntil }: EntryLife): SqlValue[] {
  const { unit } = order;
  return [
    BigInt(order.id),
    unit.name,
    unit.issuer,
    unit.value,
    orNull(unit.client),
    order.fp,
    orNull(order.before),
    asFlag(order.suspend),
    orNull(expires),
    orNull(keepUntil),
    asFlag(order.ack),
    asFlag(order.final),
    asFlag(isLiftable(order)),
  ];
}

/** The wire's members; the number is the head's to give. */
function entryOf(order: Order, life: EntryLife): RevokeEntry {
  const { fp, before, suspend } = order;
  return { seq: 0, kind: "revoke", unit: order.unit.name, fp, before, suspend, expires: life.expires };
}

/** Only orders of administrators can be taken back, and of these the final ones cannot. */
function isLiftable(order: Order): boolean {
  return order.actor.kind === "admin" && !order.final;
}

/** Whole seconds of life left at the time of the order; 0 for one without an end, which is not compared. */
function secondsFrom(order: Order, end: number | undefined): number {
  return end === undefined ? 0 : end - Math.ceil(order.atMs / 1000);
}

/** What the history keeps of an order; outlives the entry. */
export function contentOf(order: Order, issuer: string | undefined) {
  const { unit, select, reason, note, before, suspend, final, idempotency } = order;
  const about = aboutOrder(order, issuer);
  return { unit, select, reason, note, before, suspend, final, about, idempotency };
}
