// The check of the audit chain: that every record is there, in its place, and says what it said. Columns that the chain
// does not cover repeat what the content says, and are held to it: no column can be changed unnoticed.

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { auditChainInput, origin } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row } from "../executor.ts";
import type { AuditRecord } from "../store.ts";
import { auditColumns, takeRecord } from "./audit.ts";
import { aboutParams, aboutRecord } from "./audit-about.ts";
import { onlyRow } from "./head.ts";

const recordsPerStep = 500;

/** In steps, so that a long history does not hold up the process. */
export async function verifyAudit(db: Database): Promise<{ records: number; brokenAt: number | undefined }> {
  let records = 0;
  let hash = origin.hash;
  // A record may have been given any number.
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = await db.executor.read({
      sql: `SELECT ${auditColumns}, a.lifts, a.idempotency, a.subject, a.client_id, a.grant_id
        FROM audit a WHERE a.number > $1 ORDER BY a.number LIMIT $2`,
      params: [after, recordsPerStep],
    });
    for (const row of rows) {
      const next = auditHashOf(row, records + 1, hash);
      if (next === undefined) return { records, brokenAt: records + 1 };
      hash = next;
      records += 1;
    }
    after = records;
    if (rows.length === 0)
      return { records, brokenAt: (await headFits(db, records)) ? undefined : records + 1 };
    await setImmediate();
  }
}

/** Whether the head's last record is there; those that came since the last step do not count as a difference. */
async function headFits(db: Database, records: number): Promise<boolean> {
  const rows = await db.executor.read({
    sql: `SELECT h.audit_number, h.audit_hash, (SELECT a.hash FROM audit a WHERE a.number = h.audit_number)
      FROM feed_head h`,
    params: [],
  });
  const columns = new Columns(onlyRow(rows));
  return columns.whole() >= records && columns.text() === (columns.optionalText() ?? origin.hash);
}

/**
 * The record's hash, if it is the record of this number and nothing of it was changed; undefined otherwise.
 * @param row `auditColumns`, then lifts, idempotency, subject, client_id, grant_id
 * @param previous the hash of the record before
 */
export function auditHashOf(row: Row, number: number, previous: string): string | undefined {
  const taken = readable(row);
  if (taken === undefined) return undefined;
  const { record, content } = taken;
  const hash = createHash("sha256")
    .update(auditChainInput(previous, { ...record, content }))
    .digest("base64url");
  const isWhole = record.number === number && record.hash === hash && repeatsContent(row.slice(-5), record);
  return isWhole ? hash : undefined;
}

/** Undefined where a column holds what no record has. */
function readable(row: Row): { record: AuditRecord; content: string } | undefined {
  try {
    return takeRecord(row);
  } catch {
    // Whatever it is that cannot be read, the record is not as it was written, and that is what is reported.
    return undefined;
  }
}

/** Columns lifts, idempotency, subject, client_id and grant_id, against the content. */
function repeatsContent(columns: Row, { action, content }: AuditRecord): boolean {
  const [lifts, idempotency, ...about] = columns;
  const isLift = action === "lift" || action === "approve";
  // Orders of schemas before the third did not say under which key they were made.
  const saysKey = action !== "revoke" || "about" in content;
  return (
    lifts === (isLift ? (content.lifts ?? null) : null) &&
    (!saysKey || idempotency === (action === "revoke" ? (content.idempotency ?? null) : null)) &&
    aboutParams(aboutRecord(action, content)).every((value, place) => value === about[place])
  );
}
