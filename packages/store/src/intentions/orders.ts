// The history of orders, read from the audit records: it outlives the entries.

import { isUnitName, type RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue } from "../executor.ts";
import {
  type OrderFilter,
  type OrderRecord,
  type Page,
  type PageRequest,
  revocationReasons,
} from "../store.ts";
import { actorKind } from "./audit.ts";
import { aboutRecord } from "./audit-about.ts";
import { beforeCursor, pageOf } from "./cursor.ts";

export async function listOrders(
  db: Database,
  filter: OrderFilter,
  page: PageRequest,
): Promise<Page<OrderRecord>> {
  const params: SqlValue[] = [beforeCursor(page.cursor), page.limit + 1];
  const conditions = ["a.action = 'revoke'", "a.order_id IS NOT NULL", "a.number < $1"];
  if (filter.subject !== undefined) conditions.push(`a.subject = $${params.push(filter.subject)}`);
  if (filter.clientId !== undefined) conditions.push(`a.client_id = $${params.push(filter.clientId)}`);
  const rows = await db.executor.read({
    sql: `SELECT a.number, CAST(a.order_id AS TEXT), a.seq, a.at_ms, a.actor_kind, a.actor_id, a.content,
        (SELECT max(l.seq) FROM audit l WHERE l.lifts = a.seq)
      FROM audit a WHERE ${conditions.join(" AND ")}
      ORDER BY a.number DESC LIMIT $2`,
    params,
  });
  const items = rows.map((row) => {
    const columns = new Columns(row);
    return { id: String(columns.whole()), item: takeOrder(columns) };
  });
  return pageOf(items, page.limit);
}

export async function findOrder(db: Database, id: RowId): Promise<OrderRecord | undefined> {
  const [row] = await db.executor.read({
    sql: `SELECT CAST(a.order_id AS TEXT), a.seq, a.at_ms, a.actor_kind, a.actor_id, a.content,
        (SELECT max(l.seq) FROM audit l WHERE l.lifts = a.seq)
      FROM audit a WHERE a.action = 'revoke' AND a.order_id = $1`,
    params: [BigInt(id)],
  });
  return row === undefined ? undefined : takeOrder(new Columns(row));
}

function takeOrder(columns: Columns): OrderRecord {
  const id = columns.text();
  const seq = columns.whole();
  const atMs = columns.whole();
  const actor = { kind: actorKind(columns.text()), id: columns.text() };
  const content = JSON.parse(columns.text()) as Record<string, unknown>; // parsing boundary: written by `revoke`
  const { unit, select, reason, note, before, suspend, final } = content;
  const unitName = (unit as { name: unknown }).name; // as above
  if (!isUnitName(unitName)) throw new TypeError(`order ${id} names an unknown unit`);
  return {
    id,
    seq,
    atMs,
    unit: unitName,
    select: select as Record<string, unknown>, // as above
    actor,
    reason: revocationReasons.find((known) => known === reason) ?? "unspecified",
    note: typeof note === "string" ? note : undefined,
    before: typeof before === "number" ? before : undefined,
    suspend: suspend === true,
    final: final === true,
    about: aboutRecord("revoke", content),
    liftedBy: columns.optionalWhole(),
  };
}
