// The audit log: GET /admin/v1/audit, …/verify, …/export. Who did what; each record's hash covers the one before it.

import {
  type AuditItem,
  type AuditQuery,
  type AuditVerification,
  formatTimeMs,
  writeAuditLine,
} from "@rescind/admin-api";
import { formatId, origin } from "@rescind/core";
import type { AuditRecord, Store } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { pageRequest, storedList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

/** Records read at once. */
const exportPage = 500;

export async function listAudit(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { action, actor, ...page } = request.query as AuditQuery; // checked against the contract's schema
  return storedList(deps.store.listAudit({ action, actor }, pageRequest(page)), auditItem);
}

/** The server's own check: somebody who can write to the database can compute a new chain, so compare `head` too. */
export async function verifyAudit(_request: AdminRequest, { store }: Dependencies): Promise<Answer> {
  const { records, brokenAt } = await store.verifyAudit();
  const [last] = records === 0 ? [] : await store.readAudit(records - 1, 1);
  const answer: AuditVerification = {
    records,
    head: last?.hash ?? origin.hash,
    ...(brokenAt === undefined ? {} : { broken_at: brokenAt }),
  };
  return ok(answer);
}

/** All records up to the newest one at the beginning of the request, a page in memory at a time. */
export async function exportAudit(_request: AdminRequest, { store }: Dependencies): Promise<Answer> {
  const [newest] = (await store.listAudit({}, { limit: 1, cursor: undefined })).items;
  return {
    status: 200,
    headers: {
      "content-type": "application/x-ndjson",
      "content-disposition": 'attachment; filename="audit.jsonl"',
    },
    stream: auditLines(store, newest?.number ?? 0),
  };
}

async function* auditLines(store: Store, upTo: number): AsyncGenerator<string> {
  for (let after = 0; after < upTo; ) {
    const records = await store.readAudit(after, Math.min(exportPage, upTo - after));
    const last = records.at(-1);
    if (last === undefined) throw new Error(`the audit log has no record after ${after}`);
    yield records.map((record) => `${lineOf(record, upTo)}\n`).join("");
    after = last.number;
  }
}

function lineOf(record: AuditRecord, of: number): string {
  return writeAuditLine({ ...auditItem(record), feed_hash: record.feedHash, of });
}

function auditItem(record: AuditRecord): AuditItem {
  return {
    number: record.number,
    at: formatTimeMs(record.atMs),
    action: record.action,
    actor: { ...record.actor },
    ...(record.orderId === undefined ? {} : { revocation_id: formatId("revocation", record.orderId) }),
    ...(record.seq === undefined ? {} : { seq: record.seq }),
    content: { ...record.content },
    hash: record.hash,
  };
}
