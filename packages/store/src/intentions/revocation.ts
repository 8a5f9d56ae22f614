// Revocation: one order, one entry, one audit record, one transaction. The head is taken last and holds every other
// order back until the commit, so that entries are numbered in commit order.

import { canonicalMembers, type EntryLife, isWide, type LongestLives, type RevokeEntry } from "@rescind/core";
import { asFlag, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { Order, Receipt } from "../store.ts";
import { aboutOrder } from "./audit-about.ts";
import { chainEntryAudit, storeEntryAudit } from "./audit-record.ts";
import { removeConsents } from "./consents.ts";
import { onlyRow } from "./head.ts";
import { claimed, lockUser } from "./people-turn.ts";

type Outcome = Receipt | { readonly risen: LongestLives };

/**
 * An order is made for the longest lives known; if they have risen since, it changes nothing and is made again.
 * Repeating an order by its id or idempotency digest gets the first one's receipt.
 */
export async function revoke(db: Database, order: Order): Promise<Receipt> {
  for (;;) {
    const outcome = await tryRevoke(db, order, db.longest.lives);
    if (!("risen" in outcome)) return outcome;
    db.longest.note(outcome.risen);
  }
}

async function tryRevoke(db: Database, order: Order, longest: LongestLives): Promise<Outcome> {
  const locks = order.unit.name === "subject+client" ? [lockUser(order.unit.value)] : [];
  const results = await db.executor.apply(
    [...locks, ...orderStatements(db, order, longest), explain(order, order.lifeFor(longest))],
    { urgent: true },
  );
  const numbered = results[locks.length + 1]?.[0];
  if (numbered !== undefined) {
    const seq = new Columns(numbered).whole();
    return { orderId: order.id, seq, appended: true, atMs: order.atMs };
  }
  return refused(db, new Columns(onlyRow(results.at(-1))), order, longest);
}

/**
 * The statements of one order, with what goes in its transaction; the second has a row (its number) if it was
 * appended. With `claim` it is only while that change of a user may go on. Whoever puts it beside other statements
 * takes their locks before.
 */
export function orderStatements(
  db: Pick<Database, "issuer">,
  order: Order,
  longest: LongestLives,
  claim?: bigint,
): Statement[] {
  const life = order.lifeFor(longest);
  const content = contentOf(order, db.issuer);
  const record = {
    action: "revoke",
    actor: order.actor,
    atMs: order.atMs,
    orderId: order.id,
    content: JSON.stringify(content),
  };
  return [
    takeTurn(),
    takeNumber(order, longest, life, claim),
    chainEntryAudit(record),
    storeEntry(order, life),
    storeEntryAudit(record, {
      idempotency: orNull(order.idempotency),
      lifts: null,
      about: content.about,
    }),
    ...(order.unit.name === "subject+client" ? removeConsents(order) : []),
  ];
}

/** An order's way through the writer without an order; the head's number. */
export async function passThrough(db: Database): Promise<number> {
  const statements = [takeTurn(), { sql: "SELECT h.seq FROM feed_head h", params: [] }];
  const results = await db.executor.apply(statements, { urgent: true });
  return new Columns(onlyRow(results[1])).whole();
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
const equalEntry = `SELECT e.order_id FROM entries e
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

function takeNumber(
  order: Order,
  longest: LongestLives,
  life: EntryLife,
  claim: bigint | undefined,
): Statement {
  const once = !isWide(order.unit.name) || order.suspend === true;
  return {
    sql: `UPDATE feed_head SET
        seq = seq + 1,
        hash = rescind_chain(hash, seq + 1, $11),
        last_order = $10
      WHERE longest_access <= $12 AND longest_grant <= $13
        AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.order_id = $10)
        AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.idempotency = $14)
        AND ($15 = 0 OR NOT EXISTS (${equalEntry}))
        ${claim === undefined ? "" : `AND ${claimed("$16")}`}
      RETURNING seq`,
    params: [
      ...equalParams(order, life),
      BigInt(order.id),
      canonicalMembers(entryOf(order, life)),
      longest.accessToken,
      longest.grant,
      orNull(order.idempotency),
      asFlag(once),
      ...(claim === undefined ? [] : [claim]),
    ],
  };
}

function storeEntry(order: Order, life: EntryLife): Statement {
  const { unit } = order;
  return {
    sql: `INSERT INTO entries (seq, kind, unit, issuer, value, client, fp, before_s, suspend, expires_s, ack, hash,
        final, liftable, keep_until_s, at_ms, order_id)
      SELECT h.seq, 'revoke', $2, $3, $4, $5, $6, $7, $8, $9, $10, h.hash, $11, $12, $13, $14, $1
      FROM feed_head h WHERE h.last_order = $1`,
    params: [
      BigInt(order.id),
      unit.name,
      unit.issuer,
      unit.value,
      orNull(unit.client),
      order.fp,
      orNull(order.before),
      asFlag(order.suspend),
      orNull(life.expires),
      asFlag(order.ack),
      asFlag(order.final),
      asFlag(isLiftable(order)),
      orNull(life.keepUntil),
      order.atMs,
    ],
  };
}

/** Nothing where the order was numbered; else the head, the audit record of the order it repeats, the equal order. */
function explain(order: Order, life: EntryLife): Statement {
  return {
    sql: `SELECT h.seq, h.longest_access, h.longest_grant,
        (SELECT min(a.number) FROM audit a WHERE a.order_id = $10 OR a.idempotency = $11),
        (SELECT CAST(max(equal.order_id) AS TEXT) FROM (${equalEntry}) equal)
      FROM feed_head h WHERE h.last_order IS NULL`,
    params: [...equalParams(order, life), BigInt(order.id), orNull(order.idempotency)],
  };
}

async function refused(
  db: Database,
  columns: Columns,
  order: Order,
  longest: LongestLives,
): Promise<Outcome> {
  const seq = columns.whole();
  const risen = { accessToken: columns.whole(), grant: columns.whole() };
  const earlier = columns.optionalWhole();
  if (earlier !== undefined) return receiptOf(db, earlier);
  if (risen.accessToken > longest.accessToken || risen.grant > longest.grant) return { risen };
  return { orderId: columns.text(), seq, appended: false, atMs: order.atMs };
}

/** The receipt of an earlier order, from its audit record. */
async function receiptOf(db: Database, number: number): Promise<Receipt> {
  const rows = await db.executor.read({
    sql: "SELECT CAST(a.order_id AS TEXT), a.seq, a.at_ms FROM audit a WHERE a.number = $1",
    params: [number],
  });
  const columns = new Columns(onlyRow(rows));
  return { orderId: columns.text(), seq: columns.whole(), appended: false, atMs: columns.whole() };
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
function contentOf(order: Order, issuer: string | undefined) {
  const { unit, select, reason, note, before, suspend, final, idempotency } = order;
  const about = aboutOrder(order, issuer);
  return { unit, select, reason, note, before, suspend, final, about, idempotency };
}
