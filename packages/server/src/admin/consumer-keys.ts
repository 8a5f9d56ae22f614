// Consumer keys: /admin/v1/clients/{id}/keys and /admin/v1/keys/{key_id}. A secret is answered once and stored as
// its digest only.

import type { Approval, ConsumerKeyAnswer, Suspension, UnitStatus } from "@rescind/admin-api";
import { type ConsumerKey, formatId } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore, ok } from "../http/answer.ts";
import { newToken } from "../keys/digest.ts";
import { oneByOne } from "../people/change-user.ts";
import { catchUp, commitOrder, seqHeader } from "../revocation/commit.ts";
import { selectOf } from "../revocation/select.ts";
import { administrator, clientUnit, keyUnit } from "./administrator.ts";
import { idempotencyMismatch } from "./idempotency.ts";
import { findKey, lastOfAdministration, locksOut } from "./key-endings.ts";
import { isOfAnotherRequest } from "./order-repeated.ts";
import { refused } from "./refusal.ts";
import { usesSecret } from "./registration.ts";
import type { AdminRequest } from "./request.ts";

/** A new secret and what is stored of it. */
export function newConsumerKey(
  clientId: string,
  deps: Pick<Dependencies, "store" | "hashing">,
): { readonly secret: string; readonly stored: ConsumerKey } {
  const rowId = deps.store.nextId();
  const secret = newToken("secret", rowId);
  return { secret, stored: { keyId: formatId("key", rowId), clientId, digest: deps.hashing.digest(secret) } };
}

/** What this node knows; bring it up to the log first. */
export function statusIn(deps: Pick<Dependencies, "standing" | "issuer">) {
  return (unit: "client" | "key", value: string): UnitStatus =>
    deps.standing.suspension({ name: unit, issuer: deps.issuer, value }) === "none" ? "approved" : "revoked";
}

export async function createKey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const clientId = request.params.client_id ?? "";
  const { client, head } = await deps.store.findClient(clientId);
  if (client === undefined) return unknownClient;
  if (!usesSecret(client))
    return refused(
      "conflict",
      "This client does not authenticate by a secret; change its token_endpoint_auth_method first.",
    );
  await deps.standing.reach(head);
  if (deps.standing.suspension(clientUnit(clientId, deps.issuer)) === "final")
    return refused("final", "This client was suspended for good.");
  const key = newConsumerKey(clientId, deps);
  const atMs = deps.now();
  if (!(await deps.store.addConsumerKey(key.stored, atMs))) return unknownClient;
  const { keyId } = key.stored;
  const content = { client_id: clientId, key_id: keyId };
  await deps.store.recordAudit({ action: "key.created", actor: administrator(request), atMs, content });
  return {
    status: 201,
    headers: noStore,
    body: { ...keyAnswer(key.stored, deps), client_secret: key.secret },
  };
}

/** For good in turn, since the last key of the administration must stay. */
export function suspendKey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as Suspension; // checked against the contract's schema
  if (body.final !== true) return suspendNow(request, body, deps);
  return oneByOne(() => suspendNow(request, body, deps), deps);
}

async function suspendNow(request: AdminRequest, body: Suspension, deps: Dependencies): Promise<Answer> {
  const found = await findKey(request, deps);
  if (found === undefined) return unknownKey;
  const { key } = found;
  if (body.final === true && (await locksOut(found, deps))) return lastOfAdministration;
  const unit = keyUnit(key.keyId, deps.issuer);
  const order = {
    unit,
    actor: administrator(request),
    reason: body.reason ?? "administrator",
    note: body.note,
    final: body.final ?? false,
    suspend: true,
    select: selectOf(unit),
    about: { clientId: key.clientId },
    idempotency: request.idempotency,
  } as const;
  const receipt = await commitOrder(order, deps);
  if (await isOfAnotherRequest(order, receipt, deps)) return idempotencyMismatch();
  return ok(keyAnswer(key, deps), seqHeader(receipt));
}

export async function approveKey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as Approval; // checked against the contract's schema
  const key = await deps.store.findConsumerKey(request.params.key_id ?? "");
  if (key === undefined) return unknownKey;
  const approval = await deps.store.approve({
    unit: keyUnit(key.keyId, deps.issuer),
    ids: () => deps.store.nextId(),
    atMs: deps.now(),
    actor: administrator(request),
    note: body.note,
    ack: deps.awaited,
  });
  if (approval.kind === "final") return refused("final", "This key was suspended for good.");
  await catchUp(deps);
  return ok(keyAnswer(key, deps), seqHeader(approval));
}

const unknownClient = refused("not-found", "There is no client with this client_id.");
export const unknownKey = refused("not-found", "There is no consumer key with this key_id.");

/** A key as answers show it; bring this node up to the log first. */
export function keyAnswer(
  key: ConsumerKey,
  deps: Pick<Dependencies, "standing" | "issuer">,
): ConsumerKeyAnswer {
  return { key_id: key.keyId, client_id: key.clientId, status: statusIn(deps)("key", key.keyId) };
}
