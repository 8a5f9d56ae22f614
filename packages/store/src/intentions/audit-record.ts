// The audit chain: every record is numbered, and its hash covers the one before it, its number, the log's position
// it belongs to, and what it says. The hash is computed under the head's lock, by the same function in both engines.

import { type AuditSaying, auditBytes, type RowId } from "@rescind/core";
import type { Statement } from "../executor.ts";
import type { About, Actor } from "../store.ts";
import { aboutParams } from "./audit-about.ts";

export type NewAuditRecord = AuditSaying & { readonly actor: Actor };

/** The statement that chains the record of an order or lift whose number the head has just taken. */
export function chainEntryAudit(record: NewAuditRecord & { readonly orderId: RowId }): Statement {
  return {
    sql: `UPDATE feed_head SET
        audit_number = audit_number + 1,
        audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, seq, hash, $2)
      WHERE last_order = $1`,
    params: [BigInt(record.orderId), auditBytes(record)],
  };
}

/**
 * The statement that stores the record of an order or lift whose number the head has just taken (`last_order`);
 * nothing if it did not. What is kept in columns of its own must be what the content says (audit-check.ts).
 */
export function storeEntryAudit(
  record: NewAuditRecord & { readonly orderId: RowId },
  kept: { readonly idempotency: string | null; readonly lifts: number | null; readonly about: About },
): Statement {
  return {
    sql: `INSERT INTO audit (number, order_id, seq, lifts, at_ms, action, actor_kind, actor_id, content, feed_hash,
        hash, idempotency, subject, client_id, grant_id)
      SELECT h.audit_number, $1, h.seq, $2, $3, $4, $5, $6, $7, h.hash, h.audit_hash, $8, $9, $10, $11
      FROM feed_head h WHERE h.last_order = $1`,
    params: [
      BigInt(record.orderId),
      kept.lifts,
      record.atMs,
      record.action,
      record.actor.kind,
      record.actor.id,
      record.content,
      kept.idempotency,
      ...aboutParams(kept.about),
    ],
  };
}

/** The statement that stores a record of no entry, which the head has just chained; with `mark`, if `last_order` is it. */
export function storeFreeAudit(record: NewAuditRecord, about: About, mark?: bigint): Statement {
  const { action, actor, atMs, content } = record;
  const params = [atMs, action, actor.kind, actor.id, content, ...aboutParams(about)];
  return mark === undefined ? { sql: stored, params } : { sql: storedIfMarked, params: [...params, mark] };
}

const stored = storing("");
const storedIfMarked = storing("WHERE h.last_order = $9");

function storing(condition: string): string {
  return `INSERT INTO audit (number, at_ms, action, actor_kind, actor_id, content, feed_hash, hash, subject,
        client_id, grant_id)
      SELECT h.audit_number, $1, $2, $3, $4, $5, h.hash, h.audit_hash, $6, $7, $8 FROM feed_head h ${condition}`;
}
