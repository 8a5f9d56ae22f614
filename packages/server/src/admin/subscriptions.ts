// Webhook subscriptions: /admin/v1/subscriptions. What one is bound to must be live when it is made: it is judged at a
// head of the log, and judged again if the log has moved on before it is stored. The signing secret is answered once.

import {
  type EventType,
  eventTypes,
  formatTimeMs,
  type NewSubscription,
  type SubscriptionAnswer,
  type SubscriptionQuery,
} from "@rescind/admin-api";
import { formatId, parseId } from "@rescind/core";
import { type Binding, StoreUnavailable, type Subscription } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { secretPurpose } from "../webhooks/sender.ts";
import { newWebhookSecret } from "../webhooks/signature.ts";
import { administrator, clientUnit } from "./administrator.ts";
import { pageRequest, storedList } from "./list-page.ts";
import { checkOutsideUrl } from "./outside-url.ts";
import { invalidField, invalidFields, refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

/** While orders come without a pause, so many heads are tried. */
const mostTries = 100;

export async function createSubscription(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewSubscription; // checked against the contract's schema
  const wrong = checkOutsideUrl("/url", body.url, deps.configuration);
  if (wrong !== undefined) return invalidFields([wrong]);
  if (body.grant_id !== undefined && body.client_id !== undefined)
    return invalidField("/client_id", "A subscription is bound to a grant or to a client, not to both.");
  const id = deps.store.nextId();
  const secret = newWebhookSecret();
  const sealedSecret = deps.seal.seal(secretPurpose(id), Buffer.from(secret));
  const made = {
    id,
    sealedSecret,
    url: body.url,
    events: body.events ?? [],
    createdBy: administrator(request),
  };
  for (let tries = 0; tries < mostTries; tries++) {
    const judged = await judgeBinding(body, deps);
    if ("status" in judged) return judged;
    const subscription = { ...made, binding: judged.binding, createdAtMs: deps.now() };
    if (!(await deps.store.createSubscription(subscription, judged.at))) continue;
    await recordCreated(subscription, deps);
    deps.webhooks.wake();
    return { status: 201, body: { ...subscriptionAnswer(subscription), secret } };
  }
  throw new StoreUnavailable("the log moves on faster than a subscription can be judged");
}

export async function listSubscriptions(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const query = request.query as SubscriptionQuery; // checked against the contract's schema
  const filter = { grantId: query.grant_id, clientId: query.client_id };
  return storedList(deps.store.listSubscriptions(filter, pageRequest(query)), subscriptionAnswer);
}

export async function readSubscription(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const found = await deps.store.findSubscription(rowIdIn(request));
  return found === undefined ? unknown : ok(subscriptionAnswer(found));
}

/** Ends a subscription; its last event says so. Repeating it is no error. */
export async function cancelSubscription(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const id = rowIdIn(request);
  const ended = await deps.store.cancelSubscription({ id, actor: administrator(request), atMs: deps.now() });
  if (!ended && (await deps.store.findSubscription(id)) === undefined) return unknown;
  deps.webhooks.wake();
  return { status: 204 };
}

const unknown = refused("not-found", "There is no subscription with this subscription_id.");

/** No row has the id 0. */
function rowIdIn(request: AdminRequest): Subscription["id"] {
  return parseId("subscription", request.params.subscription_id ?? "") ?? "0";
}

interface Judged {
  readonly binding: Binding;
  /** The number of the log at which it was found live. */
  readonly at: number;
}

async function judgeBinding(body: NewSubscription, deps: Dependencies): Promise<Judged | Answer> {
  if (body.client_id !== undefined) return judgeClient(body.client_id, deps);
  const at = (await deps.store.head()).position.seq; // before the grant is read
  return body.grant_id === undefined
    ? { binding: { kind: "none" }, at }
    : judgeGrant(body.grant_id, at, deps);
}

async function judgeClient(clientId: string, deps: Dependencies): Promise<Judged | Answer> {
  const { client, head } = await deps.store.findClient(clientId);
  if (client === undefined) return invalidField("/client_id", "There is no client with this id.");
  await deps.standing.reach(head);
  if (deps.standing.suspension(clientUnit(clientId, deps.issuer)) !== "none")
    return refused("conflict", "This client is suspended; approve it first.");
  return { binding: { kind: "client", clientId }, at: head.position.seq };
}

/** A grant is live while a token of it is, as in the list of grants. */
async function judgeGrant(grantId: string, at: number, deps: Dependencies): Promise<Judged | Answer> {
  const page = { limit: 1, cursor: undefined };
  const { items } = await deps.store.listGrants({ grantId }, page, deps.now() / 1000);
  const [grant] = items;
  if (grant === undefined) return invalidField("/grant_id", "There is no grant with this id.");
  if (grant.status !== "live")
    return refused("conflict", `This grant is ${grant.status}: a subscription would end with it at once.`);
  const { clientId, subject, sessionId, offline, openedAt, expiresAt } = grant;
  return {
    binding: { kind: "grant", grantId, clientId, subject, sessionId, offline, openedAt, expiresAt },
    at,
  };
}

async function recordCreated(
  { id, url, binding, createdBy, createdAtMs }: Omit<Subscription, "cursor" | "cancelledBy">,
  deps: Dependencies,
): Promise<void> {
  await deps.store.recordAudit({
    action: "subscription.created",
    actor: createdBy,
    atMs: createdAtMs,
    content: { subscription_id: formatId("subscription", id), url, ...boundTo(binding) },
  });
}

function subscriptionAnswer(
  subscription: Omit<Subscription, "cursor" | "cancelledBy"> & Partial<Pick<Subscription, "cancelledBy">>,
): SubscriptionAnswer {
  const { id, url, binding, events, createdAtMs, cancelledBy } = subscription;
  return {
    subscription_id: formatId("subscription", id),
    url,
    ...boundTo(binding),
    events: events.filter(isEventType),
    status: cancelledBy === undefined ? "active" : "cancelled",
    created_at: formatTimeMs(createdAtMs),
  };
}

function boundTo(binding: Binding): { readonly grant_id?: string; readonly client_id?: string } {
  if (binding.kind === "none") return {};
  const client_id = binding.clientId;
  return binding.kind === "grant" ? { grant_id: binding.grantId, client_id } : { client_id };
}

function isEventType(text: string): text is EventType {
  return eventTypes.some((known) => known === text);
}
