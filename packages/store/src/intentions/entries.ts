// Entries of the log by what they name, lifted ones included, with the orders that made them: for explanations.

import { isUnitName } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { type FoundEntries, type FoundEntry, revocationReasons } from "../store.ts";
import { actorKind } from "./audit.ts";
import { onlyRow, takeHead } from "./head.ts";

export async function findEntries(db: Database, fps: readonly string[]): Promise<FoundEntries> {
  const places = ["NULL", ...fps.map((_, index) => `$${index + 1}`)].join(", ");
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(e.order_id AS TEXT), e.seq, e.unit, e.fp, e.before_s, e.suspend, e.final, e.lifted_by, e.at_ms,
        a.actor_kind, a.actor_id, a.content
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN fingerprints f ON f.fp IN (${places})
        LEFT JOIN entries e ON e.seq = f.seq AND e.kind = 'revoke'
        LEFT JOIN audit a ON a.order_id = e.order_id
      ORDER BY e.seq`,
    params: fps,
  });
  const head = takeHead(new Columns(onlyRow(rows)));
  const entries = rows.flatMap((row) => {
    const columns = new Columns(row.slice(6));
    return columns.isNull() ? [] : [takeEntry(columns)];
  });
  return { head, entries };
}

function takeEntry(columns: Columns): FoundEntry {
  const orderId = columns.text();
  const seq = columns.whole();
  const unit = columns.text();
  if (!isUnitName(unit)) throw new TypeError(`entry ${seq} names an unknown unit`);
  const entry = {
    orderId,
    seq,
    unit,
    fp: columns.text(),
    before: columns.optionalWhole(),
    suspend: columns.flag(),
    final: columns.flag(),
    liftedBy: columns.optionalWhole(),
    atMs: columns.whole(),
  };
  const actor = { kind: actorKind(columns.text()), id: columns.text() };
  const { reason, note } = JSON.parse(columns.text()) as Record<string, unknown>; // parsing boundary: written by `revoke`
  return {
    ...entry,
    actor,
    reason: revocationReasons.find((known) => known === reason) ?? "unspecified",
    note: typeof note === "string" ? note : undefined,
  };
}
