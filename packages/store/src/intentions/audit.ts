// Audit records that belong to no entry, and reading all of them.

import { auditBytes } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row, SqlValue } from "../executor.ts";
import type { Actor, AuditRecord, Page, PageRequest, Store } from "../store.ts";
import { aboutRecord } from "./audit-about.ts";
import { storeFreeAudit } from "./audit-record.ts";
import { beforeCursor, pageOf } from "./cursor.ts";

/** The columns of a record as `takeRecord` takes them. */
export const auditColumns = `a.number, CAST(a.order_id AS TEXT), a.seq, a.at_ms, a.action, a.actor_kind, a.actor_id,
        a.content, a.feed_hash, a.hash`;
const actorKinds: readonly Actor["kind"][] = ["client", "user", "admin", "server"];

export async function recordAudit(
  db: Database,
  { action, actor, atMs, content: members }: Parameters<Store["recordAudit"]>[0],
): Promise<void> {
  const record = { action, actor, atMs, orderId: undefined, content: JSON.stringify(members) };
  await db.executor.apply([
    {
      sql: `UPDATE feed_head SET audit_number = audit_number + 1,
          audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, NULL, hash, $1)`,
      params: [auditBytes(record)],
    },
    storeFreeAudit(record, aboutRecord(action, members)),
  ]);
}

export async function listAudit(
  db: Database,
  filter: { action?: string | undefined; actor?: string | undefined },
  page: PageRequest,
): Promise<Page<AuditRecord>> {
  const params: SqlValue[] = [beforeCursor(page.cursor), page.limit + 1];
  const conditions = ["a.number < $1"];
  if (filter.action !== undefined) conditions.push(`a.action = $${params.push(filter.action)}`);
  if (filter.actor !== undefined) conditions.push(`a.actor_id = $${params.push(filter.actor)}`);
  const rows = await db.executor.read({
    sql: `SELECT ${auditColumns} FROM audit a WHERE ${conditions.join(" AND ")} ORDER BY a.number DESC LIMIT $2`,
    params,
  });
  const items = rows.map((row) => {
    const { record } = takeRecord(row);
    return { id: String(record.number), item: record };
  });
  return pageOf(items, page.limit);
}

/** Oldest first, so that a reader can go on after the last one it has seen. */
export async function readAudit(db: Database, after: number, limit: number): Promise<readonly AuditRecord[]> {
  const rows = await db.executor.read({
    sql: `SELECT ${auditColumns} FROM audit a WHERE a.number > $1 ORDER BY a.number LIMIT $2`,
    params: [after, limit],
  });
  return rows.map((row) => takeRecord(row).record);
}

/** A row of `auditColumns`; the content also as it is stored. @throws TypeError */
export function takeRecord(row: Row): { record: AuditRecord; content: string } {
  const columns = new Columns(row);
  const number = columns.whole();
  const orderId = columns.optionalText();
  const seq = columns.optionalWhole();
  const atMs = columns.whole();
  const action = columns.text();
  const actor = { kind: actorKind(columns.text()), id: columns.text() };
  const content = columns.text();
  const feedHash = columns.text();
  const hash = columns.text();
  const members = JSON.parse(content) as Record<string, unknown>; // parsing boundary: written as an object
  const record = { number, atMs, action, actor, orderId, seq, content: members, feedHash, hash };
  return { record, content };
}

/** An actor's kind as stored. @throws TypeError */
export function actorKind(text: string): Actor["kind"] {
  const kind = actorKinds.find((known) => known === text);
  if (kind === undefined) throw new TypeError("the row holds an unknown kind of actor");
  return kind;
}
