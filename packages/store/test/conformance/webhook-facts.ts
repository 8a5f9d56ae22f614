// Subscriptions and deliveries as the conformance suite stores them: whole records, of which a test names only what it
// is about.

import type { Grant } from "@rescind/core";
import type { Binding, NewDelivery, NewSubscription, Store, Subscription } from "@rescind/store";
import { administrator, grant } from "./facts.ts";

export const boundToNothing: Binding = { kind: "none" };

export function newSubscription(store: Store, binding: Binding = boundToNothing): NewSubscription {
  return {
    id: store.nextId(),
    url: "https://hooks.example/in",
    binding,
    events: [],
    sealedSecret: new Uint8Array([1, 2, 3]),
    createdBy: administrator,
    createdAtMs: 5000,
  };
}

/** Bound to a grant with these facts. */
export function boundTo(store: Store, facts: Partial<Grant> = {}): Extract<Binding, { kind: "grant" }> {
  const { grantId, clientId, subject, sessionId, offline, openedAt, expiresAt } = grant(store, facts);
  return { kind: "grant", grantId, clientId, subject, sessionId, offline, openedAt, expiresAt };
}

/** Stored at the head as it stands. */
export async function subscribed(store: Store, binding?: Binding): Promise<NewSubscription> {
  const made = newSubscription(store, binding);
  const { position } = await store.head();
  if (!(await store.createSubscription(made, position.seq))) throw new Error("the log moved on");
  return made;
}

/** Puts so many events on their way, each of a record of its own; their ids. */
export async function enqueued(store: Store, { id }: NewSubscription, many: number): Promise<string[]> {
  const from = (await store.findSubscription(id))?.cursor ?? 0;
  const deliveries: NewDelivery[] = Array.from({ length: many }, (_, index) => ({
    id: store.nextId(),
    auditNumber: from + 1 + index,
    type: "grant.revoked",
    body: JSON.stringify({ number: from + 1 + index }),
  }));
  const to = from + many;
  await store.enqueueDeliveries({ subscriptionId: id, from, to, deliveries, atMs: 1000 });
  return deliveries.map((delivery) => delivery.id);
}

/** The record's number that ended it. */
export async function endedBy(store: Store, { id }: Pick<Subscription, "id">): Promise<number | undefined> {
  return (await store.findSubscription(id))?.cancelledBy;
}
