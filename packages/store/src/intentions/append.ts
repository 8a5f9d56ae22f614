// Appending orders to the log: one statement for any number of them, so that head and chains are read and written once
// for all orders of a moment. PostgreSQL has the function from its migration; the writer of SQLite does the same by
// itself (sqlite/log-appender.ts). Each order is judged by what those before it left behind.

import { type EntryLife, isWide, type LongestLives, type RowId } from "@rescind/core";
import { asFlag, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row, SqlValue, Statement } from "../executor.ts";
import type { Order } from "../store.ts";
import { aboutParams } from "./audit-about.ts";
import { contentOf, entryParams } from "./order-statements.ts";

/**
 * The columns of an order, in the order of the statement's parameters: as many again for each further order, which is
 * why executors know this text. `once`: not appended where an equal entry stands. The longest lives are those that the
 * order was made for: where they have risen since, it is not appended either.
 */
export const orderColumns = [
  { name: "id", type: "BIGINT" },
  { name: "unit", type: "TEXT" },
  { name: "issuer", type: "TEXT" },
  { name: "value", type: "TEXT" },
  { name: "client", type: "TEXT" },
  { name: "fp", type: "TEXT" },
  { name: "before_s", type: "BIGINT" },
  { name: "suspend", type: "BIGINT" },
  { name: "expires_s", type: "BIGINT" },
  { name: "keep_until_s", type: "BIGINT" },
  { name: "ack", type: "BIGINT" },
  { name: "final", type: "BIGINT" },
  { name: "liftable", type: "BIGINT" },
  { name: "once", type: "BIGINT" },
  { name: "longest_access", type: "BIGINT" },
  { name: "longest_grant", type: "BIGINT" },
  { name: "at_ms", type: "BIGINT" },
  { name: "actor_kind", type: "TEXT" },
  { name: "actor_id", type: "TEXT" },
  { name: "content", type: "TEXT" },
  { name: "idempotency", type: "TEXT" },
  { name: "subject", type: "TEXT" },
  { name: "client_id", type: "TEXT" },
  { name: "grant_id", type: "TEXT" },
] as const;

type OrderColumn = (typeof orderColumns)[number]["name"];

/** Where each column stands among an order's parameters. */
export const place = Object.fromEntries(orderColumns.map(({ name }, index) => [name, index])) as Readonly<
  Record<OrderColumn, number>
>; // typed boundary: made of all names

/**
 * A row for each order: its number, or null; and where it has none why: the head's number, the longest lives, the audit
 * record of the order that it repeats, the order of an equal entry; and where it has one the hash at it, which SQLite's
 * writer knows. The last one's id is the head's `last_order` then,
 * if it was appended: what hangs on a single order may ask for it.
 */
export const appendOrders = `SELECT a.seq, a.head, a.longest_access, a.longest_grant, a.earlier, CAST(a.equal AS TEXT),
        CAST(NULL AS TEXT)
      FROM rescind_append(${[...orderColumns.map((_, index) => `$${index + 1}`), "$25", "$26"].join(", ")}) a`;

/** What became of an order. */
export interface Appended {
  readonly seq: number | undefined;
  readonly head: number;
  readonly longest: LongestLives;
  /** Number of the audit record of the order that it repeats. */
  readonly earlier: number | undefined;
  /** The order of an equal entry. */
  readonly equal: RowId | undefined;
  /** The log's hash at the order's own entry, where the engine tells it. */
  readonly hash: string | undefined;
}

/** The statement that appends them, made for these longest lives. */
export function append(
  db: Pick<Database, "issuer">,
  orders: readonly Order[],
  longest: LongestLives,
): Statement {
  const params: SqlValue[] = [];
  for (const order of orders) pushOrder(params, order, db.issuer, longest);
  return { sql: appendOrders, params };
}

export function takeAppended(row: Row): Appended {
  const columns = new Columns(row);
  return {
    seq: columns.optionalWhole(),
    head: columns.whole(),
    longest: { accessToken: columns.whole(), grant: columns.whole() },
    earlier: columns.optionalWhole(),
    equal: columns.optionalText(),
    hash: columns.optionalText(),
  };
}

/** In the order of `orderColumns`. */
function pushOrder(
  params: SqlValue[],
  order: Order,
  issuer: string | undefined,
  longest: LongestLives,
): void {
  const { unit, actor, suspend } = order;
  const life: EntryLife = order.lifeFor(longest);
  const content = contentOf(order, issuer);
  params.push(
    ...entryParams(order, life),
    asFlag(!isWide(unit.name) || suspend === true),
    longest.accessToken,
    longest.grant,
    order.atMs,
    actor.kind,
    actor.id,
    JSON.stringify(content),
    orNull(order.idempotency),
    ...aboutParams(content.about),
  );
}
