// Revocation: one order, one entry, one audit record, one transaction. The head is taken last and holds every other
// order back until the commit, so that entries are numbered in commit order.

import type { EntryLife, LongestLives } from "@rescind/core";
import { Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import type { Order, Receipt } from "../store.ts";
import { onlyRow } from "./head.ts";
import {
  equalEntry,
  equalParams,
  numberedStatements,
  orderStatements,
  takeTurn,
} from "./order-statements.ts";
import { lockUser } from "./people-turn.ts";

const mostAtOnce = 1000;

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
  const locks = lockUsers([order]);
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
 * Those that were not numbered (an equal entry stands, or the order is known) changed nothing; each is told so by itself
 * afterwards. The longest lives cannot rise in between: either they fit all orders or none was numbered.
 * @throws RangeError more than 1,000
 */
export async function revokeMany(db: Database, orders: readonly Order[]): Promise<readonly Receipt[]> {
  if (orders.length > mostAtOnce) throw new RangeError("at most 1,000 orders are made at once");
  if (orders.length === 0) return [];
  const places = new Map<string, number>();
  for (const [place, { id }] of orders.entries()) if (!places.has(id)) places.set(id, place);
  const isFirst = (order: Order, place: number) => places.get(order.id) === place;
  const numbers = await numberMany(db, orders.filter(isFirst));
  return Promise.all(
    orders.map((order, place) => {
      const seq = isFirst(order, place) ? numbers.get(order.id) : undefined;
      return seq === undefined
        ? revoke(db, order)
        : { orderId: order.id, seq, appended: true, atMs: order.atMs };
    }),
  );
}

/** One transaction; the numbers of those that were appended. */
async function numberMany(db: Database, orders: readonly Order[]): Promise<Map<string, number>> {
  for (;;) {
    const longest = db.longest.lives;
    const begin = [...lockUsers(orders), takeTurn(), readLongest];
    const statements = orders.map((order) => numberedStatements(db, order, longest));
    const results = await db.executor.apply([...begin, ...statements.flat()], { urgent: true });
    const columns = new Columns(onlyRow(results[begin.length - 1]));
    const stored = { accessToken: columns.whole(), grant: columns.whole() };
    if (stored.accessToken > longest.accessToken || stored.grant > longest.grant) {
      db.longest.note(stored);
      continue;
    }
    let place = begin.length;
    const numbers = new Map<string, number>();
    for (const [index, { id }] of orders.entries()) {
      const row = results[place]?.[0];
      if (row !== undefined) numbers.set(id, new Columns(row).whole());
      place += statements[index]?.length ?? 0;
    }
    return numbers;
  }
}

const readLongest: Statement = {
  sql: "SELECT h.longest_access, h.longest_grant FROM feed_head h",
  params: [],
};

/** The locks of everybody whose consent may be withdrawn, in one order. */
function lockUsers(orders: readonly Order[]): Statement[] {
  const subjects = orders.flatMap(({ unit }) => (unit.name === "subject+client" ? [unit.value] : []));
  return [...new Set(subjects)].sort().map(lockUser);
}

/** Below every stored maximum: an order made for these is not numbered, and nothing after its number is done. */
const fitsNothing: LongestLives = { accessToken: -1, grant: -1 };

/** The order's statements, all of them, without its number; the head's. */
export async function passThrough(db: Database, order: Order): Promise<number> {
  const head = { sql: "SELECT h.seq FROM feed_head h", params: [] };
  const statements = [...lockUsers([order]), ...orderStatements(db, order, fitsNothing), head];
  const results = await db.executor.apply(statements, { urgent: true });
  return new Columns(onlyRow(results.at(-1))).whole();
}

const explained = `SELECT h.seq, h.longest_access, h.longest_grant,
        (SELECT min(a.number) FROM audit a WHERE a.order_id = $10 OR a.idempotency = $11),
        (SELECT CAST(min(equal.order_id) AS TEXT) FROM (${equalEntry}) equal)
      FROM feed_head h WHERE h.last_order IS NULL`;

/** Nothing where the order was numbered; else the head, the audit record of the order it repeats, the equal order. */
function explain(order: Order, life: EntryLife): Statement {
  return {
    sql: explained,
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
