// The audit log: GET /admin/v1/audit. Who did what, newest first; each record's hash covers the one before it.

import { type AuditItem, type AuditQuery, formatTimeMs } from "@rescind/admin-api";
import { formatId } from "@rescind/core";
import type { AuditRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { pageRequest, storedList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listAudit(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { action, actor, ...page } = request.query as AuditQuery; // checked against the contract's schema
  return storedList(deps.store.listAudit({ action, actor }, pageRequest(page)), auditItem);
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
