// Orders on their way to PostgreSQL: those of all writes of a moment go to the log's function in one statement, an array
// for each column, with the bytes that the chains cover. Each write gets the rows of its own orders back.

import { auditBytes, canonicalMembers, type UnitName } from "@rescind/core";
import type { Row, SqlValue, Statement } from "../executor.ts";
import { appendOrders, orderColumns, place } from "../intentions/append.ts";

const width = orderColumns.length;

export function appendsOrders({ sql }: Statement): boolean {
  return sql === appendOrders;
}

/** How many orders the statement appends. */
export function ordersIn({ params }: Statement): number {
  return params.length / width;
}

/** One statement for all orders of these, as the server takes it. */
export function appendedTogether(statements: readonly Statement[]): Statement {
  const orders = statements.flatMap(({ params }) =>
    Array.from({ length: params.length / width }, (_, index) =>
      params.slice(index * width, (index + 1) * width),
    ),
  );
  const columns = orderColumns.map((_, index) => arrayOf(orders.map((order) => order[index] ?? null)));
  return {
    sql: appendOrders,
    params: [...columns, arrayOf(orders.map(memberBytes)), arrayOf(orders.map(recordBytes))],
  };
}

/** The rows of each of the statements that were sent together. */
export function rowsOfEach(statements: readonly Statement[], rows: readonly Row[]): (readonly Row[])[] {
  let at = 0;
  return statements.map((statement) => {
    const from = at;
    at += ordersIn(statement);
    return rows.slice(from, at);
  });
}

/** An array's text: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function arrayOf(values: readonly SqlValue[]): string {
  return `{${values.map(elementOf).join(",")}}`;
}

function elementOf(value: SqlValue): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString("hex")}"`;
  if (typeof value !== "string") return String(value);
  return `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, "\\$&") : value}"`;
}

function memberBytes(order: readonly SqlValue[]): Uint8Array {
  const unit = order[place.unit] as UnitName; // typed boundary: of an `Order`
  return canonicalMembers({
    seq: 0,
    kind: "revoke",
    unit,
    fp: String(order[place.fp]),
    before: wholeOrNone(order[place.before_s]),
    suspend: order[place.suspend] === 1,
    expires: wholeOrNone(order[place.expires_s]),
  });
}

function recordBytes(order: readonly SqlValue[]): Uint8Array {
  return auditBytes({
    action: "revoke",
    actor: { kind: String(order[place.actor_kind]), id: String(order[place.actor_id]) },
    atMs: Number(order[place.at_ms]),
    orderId: String(order[place.id]),
    content: String(order[place.content]),
  });
}

function wholeOrNone(value: SqlValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
