// Webhook subscriptions: what each hangs on, how far it has read, and what ended it. Those that an order ends are ended
// in its transaction (subscription-ends.ts).

import { auditBytes, formatId, type RowId } from "@rescind/core";
import { asFlag, asWords, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue } from "../executor.ts";
import { grantRow, grantRowOrNone } from "../grant-ids.ts";
import type { About, Actor, Binding, NewSubscription, Page, PageRequest, Subscription } from "../store.ts";
import { actorKind } from "./audit.ts";
import { storeFreeAudit } from "./audit-record.ts";
import { beforeCursor, pageOf } from "./cursor.ts";
import { takeTurn } from "./order-statements.ts";

/** The columns of a subscription as `takeSubscription` takes them. */
const subscriptionColumns = `CAST(s.id AS TEXT), s.url, s.bound_to, CAST(s.grant_id AS TEXT), s.client_id, s.subject,
        s.session_id, s.offline, s.opened_s, s.expires_s, s.events, s.sealed, s.actor_kind, s.actor_id,
        s.created_at_ms, s.cursor, s.cancelled_by`;

/** Takes the head's lock, so that no order can come between the look at the head and the row. */
export async function createSubscription(
  db: Database,
  made: NewSubscription,
  judgedAt: number,
): Promise<boolean> {
  const results = await db.executor.apply([
    takeTurn(),
    {
      sql: `INSERT INTO subscriptions (id, url, bound_to, grant_id, client_id, subject, session_id, offline, opened_s,
          expires_s, events, sealed, actor_kind, actor_id, created_at_ms, cursor)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, h.audit_number
        FROM feed_head h WHERE h.seq = $16 RETURNING 1`,
      params: [
        BigInt(made.id),
        made.url,
        ...bindingParams(made.binding),
        asWords(made.events),
        made.sealedSecret,
        made.createdBy.kind,
        made.createdBy.id,
        made.createdAtMs,
        judgedAt,
      ],
    },
  ]);
  return results[1]?.length === 1;
}

export async function findSubscription(db: Database, id: RowId): Promise<Subscription | undefined> {
  const [row] = await db.executor.read({
    sql: `SELECT ${subscriptionColumns} FROM subscriptions s WHERE s.id = $1`,
    params: [BigInt(id)],
  });
  return row === undefined ? undefined : takeSubscription(new Columns(row));
}

export async function listSubscriptions(
  db: Database,
  filter: { readonly grantId?: string | undefined; readonly clientId?: string | undefined },
  page: PageRequest,
): Promise<Page<Subscription>> {
  const params: SqlValue[] = [beforeCursor(page.cursor), page.limit + 1];
  const conditions = ["s.id < $1"];
  if (filter.grantId !== undefined)
    conditions.push(`s.grant_id = $${params.push(grantRowOrNone(filter.grantId))}`);
  if (filter.clientId !== undefined) conditions.push(`s.client_id = $${params.push(filter.clientId)}`);
  const rows = await db.executor.read({
    sql: `SELECT ${subscriptionColumns} FROM subscriptions s WHERE ${conditions.join(" AND ")}
      ORDER BY s.id DESC LIMIT $2`,
    params,
  });
  const items = rows.map((row) => takeSubscription(new Columns(row)));
  return pageOf(
    items.map((item) => ({ id: item.id, item })),
    page.limit,
  );
}

/** The subscription's own id marks its record as the one just chained (`last_order`), so that all or nothing is done. */
export async function cancelSubscription(
  db: Database,
  { id, actor, atMs }: { readonly id: RowId; readonly actor: Actor; readonly atMs: number },
): Promise<boolean> {
  const found = await findSubscription(db, id);
  if (found === undefined) return false;
  const about = aboutBinding(found.binding);
  const content = JSON.stringify({ subscription_id: formatId("subscription", id), url: found.url, about });
  const record = { action: "subscription.cancelled", actor, atMs, orderId: undefined, content };
  const row = BigInt(id);
  const results = await db.executor.apply([
    takeTurn(),
    {
      sql: `UPDATE feed_head SET
          last_order = $1,
          audit_number = audit_number + 1,
          audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, NULL, hash, $2)
        WHERE EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = $1 AND s.cancelled_by IS NULL) RETURNING 1`,
      params: [row, auditBytes(record)],
    },
    storeFreeAudit(record, about, row),
    {
      sql: `UPDATE subscriptions SET cancelled_by = (SELECT h.audit_number FROM feed_head h)
        WHERE id = $1 AND EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $1)`,
      params: [row],
    },
  ]);
  return results[1]?.length === 1;
}

/** By the id, whatever is created or ends meanwhile. */
export async function subscriptionsToServe(
  db: Database,
  limit: number,
  after: RowId | undefined,
): Promise<readonly Subscription[]> {
  const rows = await db.executor.read({
    sql: `SELECT ${subscriptionColumns} FROM subscriptions s
      WHERE (s.cancelled_by IS NULL OR s.cursor < s.cancelled_by) AND s.id > $1 ORDER BY s.id LIMIT $2`,
    params: [BigInt(after ?? 0), limit],
  });
  return rows.map((row) => takeSubscription(new Columns(row)));
}

/** The columns bound_to to expires_s. */
function bindingParams(binding: Binding): SqlValue[] {
  switch (binding.kind) {
    case "grant":
      return [
        "grant",
        grantRow(binding.grantId),
        binding.clientId,
        binding.subject,
        orNull(binding.sessionId),
        asFlag(binding.offline),
        binding.openedAt,
        binding.expiresAt,
      ];
    case "client":
      return ["client", null, binding.clientId, null, null, null, null, null];
    case "none":
      return ["none", null, null, null, null, null, null, null];
  }
}

function aboutBinding(binding: Binding): About {
  if (binding.kind === "none") return {};
  const { clientId } = binding;
  return binding.kind === "client"
    ? { clientId }
    : { clientId, subject: binding.subject, grantId: binding.grantId };
}

function takeSubscription(columns: Columns): Subscription {
  return {
    id: columns.text(),
    url: columns.text(),
    binding: takeBinding(columns),
    events: columns.words(),
    sealedSecret: columns.bytes(),
    createdBy: { kind: actorKind(columns.text()), id: columns.text() },
    createdAtMs: columns.whole(),
    cursor: columns.whole(),
    cancelledBy: columns.optionalWhole(),
  };
}

/** Takes eight columns, whatever the kind. */
function takeBinding(columns: Columns): Binding {
  const kind = columns.text();
  const [grantRowId, clientId, subject] = [
    columns.optionalText(),
    columns.optionalText(),
    columns.optionalText(),
  ];
  const [sessionId, offline] = [columns.optionalText(), columns.optionalWhole()];
  const [openedAt, expiresAt] = [columns.optionalWhole(), columns.optionalWhole()];
  if (kind === "none") return { kind };
  if (kind === "client" && clientId !== undefined) return { kind, clientId };
  if (kind !== "grant" || grantRowId === undefined || clientId === undefined || subject === undefined)
    throw new TypeError("the row holds an unknown binding");
  const times = { openedAt: openedAt ?? 0, expiresAt: expiresAt ?? 0 };
  return {
    kind,
    grantId: formatId("grant", grantRowId),
    clientId,
    subject,
    sessionId,
    offline: offline === 1,
    ...times,
  };
}
