// Webhook deliveries: events on their way to a subscription, one after the other in the order of the audit records they
// tell of, each claimed by one node at a time. One that is sent again goes for itself, beside that order.

import type { RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row, SqlValue } from "../executor.ts";
import type { Delivery, DeliveryStatus, NewDelivery, Page, PageRequest } from "../store.ts";
import { beforeCursor, pageOf } from "./cursor.ts";

const statuses: readonly DeliveryStatus[] = ["pending", "delivered", "dead"];

/** The columns of a delivery as `takeDelivery` takes them. */
const deliveryColumns = `CAST(id AS TEXT), CAST(subscription_id AS TEXT), audit_number, type, body, status, attempts,
        created_at_ms, next_attempt_ms, last_result, finished_at_ms`;

/**
 * The deliveries whose turn it is: the oldest pending one of each subscription, and what is sent again. From one
 * subscription that has something pending to the next, so that a long queue is not read for its first row.
 */
const turns = `WITH RECURSIVE waiting (id) AS (
        SELECT min(d.subscription_id) FROM deliveries d WHERE d.status = 'pending' AND d.turn = 1
        UNION ALL
        SELECT (SELECT min(d.subscription_id) FROM deliveries d
          WHERE d.status = 'pending' AND d.turn = 1 AND d.subscription_id > w.id)
        FROM waiting w WHERE w.id IS NOT NULL),
      turns (id) AS (
        SELECT (SELECT o.id FROM deliveries o
          WHERE o.status = 'pending' AND o.turn = 1 AND o.subscription_id = w.id
          ORDER BY o.audit_number, o.id LIMIT 1)
        FROM waiting w WHERE w.id IS NOT NULL
        UNION ALL SELECT o.id FROM deliveries o WHERE o.status = 'pending' AND o.turn = 0)`;

/** The batch marks the subscription as moved by it (`moved_by`), so that nothing of another node's batch is stored. */
export async function enqueueDeliveries(
  db: Database,
  batch: {
    readonly subscriptionId: RowId;
    readonly from: number;
    readonly to: number;
    readonly deliveries: readonly NewDelivery[];
    readonly atMs: number;
  },
): Promise<boolean> {
  const { subscriptionId, from, to, deliveries, atMs } = batch;
  const mine = [BigInt(subscriptionId), BigInt(db.ids.next())];
  const results = await db.executor.apply([
    {
      sql: "UPDATE subscriptions SET cursor = $4, moved_by = $2 WHERE id = $1 AND cursor = $3 RETURNING 1",
      params: [...mine, from, to],
    },
    ...deliveries.map(({ id, auditNumber, type, body }) => ({
      sql: `INSERT INTO deliveries (id, subscription_id, audit_number, type, body, status, turn, attempts,
          created_at_ms, next_attempt_ms, claimed_until_ms)
        SELECT $3, $1, $4, $5, $6, 'pending', 1, 0, $7, $7, 0
        FROM subscriptions s WHERE s.id = $1 AND s.moved_by = $2`,
      params: [...mine, BigInt(id), auditNumber, type, body, atMs],
    })),
    { sql: "UPDATE subscriptions SET moved_by = NULL WHERE id = $1 AND moved_by = $2", params: mine },
  ]);
  return results[0]?.length === 1;
}

/**
 * Looked for by reading, claimed one by one in the order they were due. What was the oldest stays the oldest: a
 * subscription's cursor only rises, and what is sent again has no turn.
 */
export async function claimDeliveries(
  db: Database,
  nowMs: number,
  claimUntilMs: number,
  limit: number,
): Promise<readonly Delivery[]> {
  const due = await db.executor.read({
    sql: `${turns}
      SELECT CAST(d.id AS TEXT) FROM turns t CROSS JOIN deliveries d
      WHERE d.id = t.id AND d.status = 'pending' AND d.next_attempt_ms <= $1 AND d.claimed_until_ms <= $1
      ORDER BY d.next_attempt_ms, d.id LIMIT $2`,
    params: [nowMs, limit],
  });
  if (due.length === 0) return [];
  const results = await db.executor.apply(
    due.map((row) => ({
      sql: `UPDATE deliveries SET claimed_until_ms = $3
        WHERE id = $1 AND status = 'pending' AND next_attempt_ms <= $2 AND claimed_until_ms <= $2
        RETURNING ${deliveryColumns}`,
      params: [BigInt(new Columns(row).text()), nowMs, claimUntilMs],
    })),
  );
  return results.flat().map(takeDelivery);
}

/** One that is no longer pending, because another node was faster, keeps what that one noted. */
export async function noteAttempt(
  db: Database,
  attempt: {
    readonly id: RowId;
    readonly status: DeliveryStatus;
    readonly result: string;
    readonly nextAttemptMs: number;
    readonly atMs: number;
  },
): Promise<void> {
  const { id, status, result, nextAttemptMs, atMs } = attempt;
  await db.executor.apply([
    {
      sql: `UPDATE deliveries SET status = $2, attempts = attempts + 1, last_result = $3, next_attempt_ms = $4,
          finished_at_ms = $5, claimed_until_ms = 0
        WHERE id = $1 AND status = 'pending'`,
      params: [BigInt(id), status, result, nextAttemptMs, status === "pending" ? null : atMs],
    },
  ]);
}

export async function oldestPendingMs(db: Database): Promise<number | undefined> {
  const [row] = await db.executor.read({
    sql: `${turns}
      SELECT min(d.created_at_ms) FROM turns t CROSS JOIN deliveries d WHERE d.id = t.id`,
    params: [],
  });
  return row === undefined ? undefined : new Columns(row).optionalWhole();
}

export async function findDelivery(db: Database, id: RowId): Promise<Delivery | undefined> {
  const [row] = await db.executor.read({
    sql: `SELECT ${deliveryColumns} FROM deliveries WHERE id = $1`,
    params: [BigInt(id)],
  });
  return row === undefined ? undefined : takeDelivery(row);
}

export async function listDeliveries(
  db: Database,
  filter: { readonly subscriptionId?: RowId | undefined; readonly status?: DeliveryStatus | undefined },
  page: PageRequest,
): Promise<Page<Delivery>> {
  const params: SqlValue[] = [beforeCursor(page.cursor), page.limit + 1];
  const conditions = ["id < $1"];
  if (filter.subscriptionId !== undefined)
    conditions.push(`subscription_id = $${params.push(BigInt(filter.subscriptionId))}`);
  // Written out, so that the indexes of few among many are met. The words are ours.
  if (filter.status !== undefined) conditions.push(`status = '${wordOf(filter.status)}'`);
  const rows = await db.executor.read({
    sql: `SELECT ${deliveryColumns} FROM deliveries WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT $2`,
    params,
  });
  const items = rows.map(takeDelivery);
  return pageOf(
    items.map((item) => ({ id: item.id, item })),
    page.limit,
  );
}

export async function resendDelivery(db: Database, id: RowId, atMs: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE deliveries SET status = 'pending', turn = 0, next_attempt_ms = $2, claimed_until_ms = 0,
          finished_at_ms = NULL
        WHERE id = $1 AND status <> 'pending' RETURNING 1`,
      params: [BigInt(id), atMs],
    },
  ]);
  return results[0]?.length === 1;
}

function takeDelivery(row: Row): Delivery {
  const columns = new Columns(row);
  return {
    id: columns.text(),
    subscriptionId: columns.text(),
    auditNumber: columns.whole(),
    type: columns.text(),
    body: columns.text(),
    status: wordOf(columns.text()),
    attempts: columns.whole(),
    createdAtMs: columns.whole(),
    nextAttemptMs: columns.whole(),
    lastResult: columns.optionalText(),
    finishedAtMs: columns.optionalWhole(),
  };
}

/** @throws TypeError */
function wordOf(text: string): DeliveryStatus {
  const status = statuses.find((known) => known === text);
  if (status === undefined) throw new TypeError("the row holds an unknown status of a delivery");
  return status;
}
