// Taking an order back: another entry that names it and stays as long. A lift cannot be lifted.

import { canonicalMembers, formatId, type LiftEntry, type RowId, type Unit } from "@rescind/core";
import { asFlag, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import type { Actor, LiftReceipt } from "../store.ts";
import { aboutRecord } from "./audit-about.ts";
import { chainEntryAudit, storeEntryAudit } from "./audit-record.ts";
import { takeTurn } from "./order-statements.ts";

/** A lifted suspension has no end of its own: it and its lift leave this many seconds after the lift. */
const suspensionStays = 7 * 24 * 60 * 60;
/** A lift leaves this long after what it names, so that no reader of pages can see the one without the other. */
const liftStays = 24 * 60 * 60;
const statementsPerLift = 6;

interface Target {
  readonly seq: number;
  readonly expires: number | undefined;
  readonly keepUntil: number | undefined;
  /** What the lift's own record repeats of the order: whoever reads it alone knows what came back. */
  readonly order: Readonly<Record<string, unknown>>;
}

interface Lift {
  readonly id: RowId;
  readonly atMs: number;
  readonly actor: Actor;
  readonly note?: string | undefined;
  readonly ack?: boolean | undefined;
}

export async function lift(db: Database, order: Lift & { readonly orderId: RowId }): Promise<LiftReceipt> {
  const [row] = await db.executor.read({
    sql: `SELECT e.seq, e.expires_s, e.keep_until_s, CAST(a.order_id AS TEXT), a.content,
        e.lifted_by, e.final, e.liftable
      FROM audit a JOIN entries e ON e.seq = a.seq
      WHERE a.order_id = $1 AND a.lifts IS NULL AND e.kind = 'revoke'`,
    params: [BigInt(order.orderId)],
  });
  if (row === undefined) return { kind: "unknown" };
  const columns = new Columns(row);
  const target = takeTarget(columns);
  const liftedBy = columns.optionalWhole();
  const final = columns.flag();
  if (final) return { kind: "refused", why: "final" };
  if (!columns.flag()) return { kind: "refused", why: "not-administrator" };
  if (liftedBy !== undefined) return { kind: "refused", why: "lifted" };
  const results = await db.executor.apply(liftStatements(order, target, "lift"), { urgent: true });
  const numbered = results[1]?.[0];
  // Somebody else's lift came first, or the entry was removed meanwhile.
  if (numbered === undefined) return { kind: "refused", why: "lifted" };
  return { kind: "lifted", orderId: order.id, seq: new Columns(numbered).whole(), lifts: target.seq };
}

export async function approve(
  db: Database,
  approval: Omit<Lift, "id"> & { readonly unit: Unit; readonly ids: () => RowId },
): Promise<{ kind: "approved"; lifted: number; seq: number } | { kind: "final" }> {
  const { unit, ids, ...by } = approval;
  const rows = await db.executor.read({
    sql: `SELECT e.seq, e.expires_s, e.keep_until_s, CAST(a.order_id AS TEXT), a.content, e.final
      FROM entries e JOIN audit a ON a.order_id = e.order_id
      WHERE e.unit = $1 AND e.value = $2 AND e.issuer = $3 AND coalesce(e.client, '') = $4
        AND e.kind = 'revoke' AND e.suspend = 1 AND e.lifted_by IS NULL
      ORDER BY e.seq`,
    params: [unit.name, unit.value, unit.issuer, unit.client ?? ""],
  });
  const found = rows.map((row) => {
    const columns = new Columns(row);
    return { target: takeTarget(columns), final: columns.flag() };
  });
  if (found.some(({ final }) => final)) return { kind: "final" };
  const statements = found.flatMap(({ target }) => liftStatements({ ...by, id: ids() }, target, "approve"));
  const results = await db.executor.apply(
    [...statements, { sql: "SELECT h.seq FROM feed_head h", params: [] }],
    { urgent: true },
  );
  const seq = new Columns(results.at(-1)?.[0] ?? []).whole();
  const lifted = results.filter(
    (rowsOfOne, index) => index % statementsPerLift === 1 && rowsOfOne.length === 1,
  ).length;
  return { kind: "approved", lifted, seq };
}

/** As many statements as `statementsPerLift`, the second of which has a row (its number) if this is the lift that took the entry back. */
function liftStatements(order: Lift, target: Target, action: "lift" | "approve"): Statement[] {
  const { id, atMs, actor, note, ack } = order;
  const keepUntil = target.keepUntil ?? Math.ceil(atMs / 1000) + suspensionStays;
  const content = { lifts: target.seq, ...target.order, note };
  const record = { action, actor, atMs, orderId: id, content: JSON.stringify(content) };
  const entry: LiftEntry = { seq: 0, kind: "lift", expires: target.expires, lifts: target.seq };
  return [
    takeTurn(),
    {
      sql: `UPDATE feed_head SET
          seq = seq + 1,
          hash = rescind_chain(hash, seq + 1, $2),
          last_order = $1
        WHERE EXISTS (SELECT 1 FROM entries e WHERE e.seq = $3 AND e.kind = 'revoke' AND e.lifted_by IS NULL)
        RETURNING seq`,
      params: [BigInt(id), canonicalMembers(entry), target.seq],
    },
    chainEntryAudit(record),
    {
      sql: `INSERT INTO entries (seq, kind, expires_s, lifts, ack, hash, keep_until_s, at_ms, order_id)
        SELECT h.seq, 'lift', $2, $3, $6, h.hash, $4, $5, $1 FROM feed_head h WHERE h.last_order = $1`,
      params: [BigInt(id), orNull(target.expires), target.seq, keepUntil + liftStays, atMs, asFlag(ack)],
    },
    {
      sql: `UPDATE entries SET lifted_by = (SELECT h.seq FROM feed_head h), keep_until_s = $3
        WHERE seq = $2 AND EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $1)`,
      params: [BigInt(id), target.seq, keepUntil],
    },
    storeEntryAudit(record, { idempotency: null, lifts: target.seq, about: aboutRecord(action, content) }),
  ];
}

function takeTarget(columns: Columns): Target {
  const [seq, expires, keepUntil] = [columns.whole(), columns.optionalWhole(), columns.optionalWhole()];
  const revocation_id = formatId("revocation", columns.text());
  const content = JSON.parse(columns.text()) as Record<string, unknown>; // parsing boundary: written by `revoke`
  const { unit, select, reason } = content;
  const about = aboutRecord("revoke", content);
  return { seq, expires, keepUntil, order: { revocation_id, unit, select, reason, about } };
}
