// What was taken back about a person, and why: GET /account/v1/revocations. Notes and the names of administrators stay
// in the audit log: they are written for each other. Orders that reach everybody (a suspended client, a signing key)
// are about no person and stand in the status of the grants.

import { type AccountRevocation, formatTimeMs } from "@rescind/admin-api";
import { formatId } from "@rescind/core";
import { type Actor, CursorRefused, type OrderRecord } from "@rescind/store";
import { madeUpCursor, pageRequest } from "../admin/list-page.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { subjectOf } from "./own-order.ts";

export async function listOwnRevocations(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const subject = subjectOf(request);
  const page = pageRequest(request.query as object); // checked against the contract's schema
  try {
    const { items, next } = await deps.store.listOrders({ subject }, page);
    const own = items.filter((order) => isAbout(subject, order));
    const shown = await Promise.all(own.map((order) => itemOf(order, request, deps)));
    return ok({ items: shown, next: next ?? null });
  } catch (error) {
    if (error instanceof CursorRefused) return madeUpCursor;
    throw error;
  }
}

/** Another issuer's subject of the same name is somebody else. */
function isAbout(subject: string, { about, select }: OrderRecord): boolean {
  if (select.issuer !== undefined) return false;
  return about.subject === subject || select.subject === subject;
}

async function itemOf(
  order: OrderRecord,
  request: AdminRequest,
  deps: Dependencies,
): Promise<AccountRevocation> {
  const { about, select } = order;
  const clientId = about.clientId ?? textOf(select.client_id);
  const client = clientId && (await deps.catalog.client(clientId, request.caller.head))?.client;
  return {
    id: formatId("revocation", order.id),
    seq: order.seq,
    at: formatTimeMs(order.atMs),
    unit: order.unit,
    reason: order.reason,
    by: byWhom(order.actor, subjectOf(request)),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(client ? { client_name: client.name } : {}),
    ...idsIn(select),
    lifted: order.liftedBy !== undefined,
  };
}

function idsIn(select: OrderRecord["select"]) {
  const { token_id, grant_id, session_id, scope } = Object.fromEntries(
    Object.entries(select).map(([name, value]) => [name, textOf(value)]),
  );
  return {
    ...(token_id === undefined ? {} : { token_id }),
    ...(grant_id === undefined ? {} : { grant_id }),
    ...(session_id === undefined ? {} : { session_id }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function byWhom(actor: Actor, subject: string): AccountRevocation["by"] {
  switch (actor.kind) {
    case "user":
      return actor.id === subject ? "you" : "administrator";
    case "client":
      return "application";
    case "admin":
      return "administrator";
    case "server":
      return "server";
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
