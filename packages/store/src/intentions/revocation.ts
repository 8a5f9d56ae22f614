// Revocation: one order, one entry, one audit record, one transaction. The head is taken last and holds every other
// order back until the commit, so that entries are numbered in commit order.

import type { LongestLives, Position } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import type { LoggedEntry, Order, Receipt } from "../store.ts";
import { type Appended, append, takeAppended } from "./append.ts";
import { onlyRow } from "./head.ts";
import { asksForLast, endedBy } from "./order-statements.ts";
import { lockUser } from "./people-turn.ts";

const mostAtOnce = 1000;
const noLocks: readonly Statement[] = [];

/**
 * An order is made for the longest lives known; if they have risen since, it changes nothing and is made again.
 * Repeating an order by its id or idempotency digest gets the first one's receipt.
 */
export async function revoke(db: Database, order: Order): Promise<Receipt> {
  for (;;) {
    const longest = db.longest.lives;
    const outcome = await appendOne(db, order, longest);
    if (!isRisen(outcome, longest)) return receiptOf(db, { order, longest }, outcome);
    db.longest.note(outcome.longest);
  }
}

/**
 * As `revoke`, all in one transaction, one after the other.
 * @throws RangeError more than 1,000
 */
export async function revokeMany(db: Database, orders: readonly Order[]): Promise<readonly Receipt[]> {
  if (orders.length > mostAtOnce) throw new RangeError("at most 1,000 orders are made at once");
  if (orders.length === 0) return [];
  for (;;) {
    const longest = db.longest.lives;
    const outcomes = await appendAll(db, orders, longest);
    const risen = outcomes.find((outcome) => isRisen(outcome, longest));
    if (risen === undefined)
      return Promise.all(orders.map((order, place) => receiptOf(db, { order, longest }, outcomes[place])));
    // They cannot rise within the transaction: then none was appended, but for what stood before.
    db.longest.note(risen.longest);
  }
}

/** The order's way, without an order that could be appended; the head's number. */
export async function passThrough(db: Database, order: Order): Promise<number> {
  return (await appendOne(db, order, fitsNothing)).head;
}

/** Below every stored maximum: an order made for these is not appended. */
const fitsNothing: LongestLives = { accessToken: -1, grant: -1 };

/** As `appendAll` for one, as most orders come: what is only for several costs it a microsecond. */
async function appendOne(db: Database, order: Order, longest: LongestLives): Promise<Appended> {
  const locks = order.unit.name === "subject+client" ? lockUsers([order]) : noLocks;
  const statements = [...locks, append(db, [order], longest), ...endedBy(order)];
  const results = await db.executor.apply(statements, { urgent: true });
  return takeAppended(onlyRow(results[locks.length]));
}

async function appendAll(
  db: Database,
  orders: readonly Order[],
  longest: LongestLives,
): Promise<readonly Appended[]> {
  const statements = lockUsers(orders);
  const appending: number[] = [];
  for (const together of runsOf(orders)) {
    appending.push(statements.length);
    statements.push(append(db, together, longest), ...together.flatMap(endedBy));
  }
  const results = await db.executor.apply(statements, { urgent: true });
  return appending.flatMap((place) => results[place] ?? []).map(takeAppended);
}

/** Orders that one statement may append: after one whose consequences ask for `last_order` there is none. */
function runsOf(orders: readonly Order[]): Order[][] {
  const runs: Order[][] = [];
  let open: Order[] | undefined;
  for (const order of orders) {
    const isApart = asksForLast(order);
    if (open === undefined || isApart) {
      open = [];
      runs.push(open);
    }
    open.push(order);
    if (isApart) open = undefined;
  }
  return runs;
}

/** The locks of everybody whose consent may be withdrawn, in one order. */
function lockUsers(orders: readonly Order[]): Statement[] {
  const subjects = orders.flatMap(({ unit }) => (unit.name === "subject+client" ? [unit.value] : []));
  return [...new Set(subjects)].sort().map(lockUser);
}

function isRisen({ seq, earlier, longest: stored }: Appended, longest: LongestLives): boolean {
  if (seq !== undefined || earlier !== undefined) return false;
  return stored.accessToken > longest.accessToken || stored.grant > longest.grant;
}

interface Made {
  readonly order: Order;
  /** The longest lives that it was appended for. */
  readonly longest: LongestLives;
}

function receiptOf(
  db: Database,
  { order, longest }: Made,
  outcome: Appended | undefined,
): Receipt | Promise<Receipt> {
  if (outcome === undefined) throw new TypeError("an order had no outcome");
  const { seq, head, earlier, equal, hash } = outcome;
  const { id: orderId, atMs } = order;
  if (seq !== undefined) {
    const entry = hash === undefined ? undefined : loggedEntry({ order, longest }, { seq, hash });
    return { orderId, seq, appended: true, atMs, entry };
  }
  if (earlier !== undefined) return receiptOfEarlier(db, earlier);
  return { orderId: equal ?? orderId, seq: head, appended: false, atMs };
}

/** What `readFeed` gives of the entry that an order made at this place of the log. */
function loggedEntry({ order, longest }: Made, { seq, hash }: Position): LoggedEntry {
  const { unit, fp, before, suspend, final, ack, atMs } = order;
  return {
    seq,
    kind: "revoke",
    unit: unit.name,
    fp,
    before,
    suspend: suspend || undefined,
    expires: order.lifeFor(longest).expires,
    ack: ack || undefined,
    issuer: unit.issuer,
    value: unit.value,
    client: unit.client,
    final,
    hash,
    atMs,
  };
}

/** From its audit record. */
async function receiptOfEarlier(db: Database, number: number): Promise<Receipt> {
  const rows = await db.executor.read({
    sql: "SELECT CAST(a.order_id AS TEXT), a.seq, a.at_ms FROM audit a WHERE a.number = $1",
    params: [number],
  });
  const columns = new Columns(onlyRow(rows));
  return { orderId: columns.text(), seq: columns.whole(), appended: false, atMs: columns.whole() };
}
