// One attempt at one delivery: signed, posted, and noted with what came of it. Only 2xx is success; 410 ends the
// subscription; anything else is tried again by the schedule, then given up. Keeps nothing of the receiver's answer
// but its status.

import { formatId } from "@rescind/core";
import type { Delivery, Store, Subscription } from "@rescind/store";
import { type OutsideAnswer, postOutside } from "../http/outside-fetch.ts";
import type { Seal } from "../keys/master-key.ts";
import { retryAfterMs, type WebhookSchedule, waitAfter } from "./schedule.ts";
import { signatureHeaders } from "./signature.ts";

export interface SenderParts {
  readonly store: Store;
  readonly seal: Seal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly chance: () => number;
  readonly schedule: WebhookSchedule;
  readonly allowPrivate: boolean;
  /** The server stops. */
  readonly stopping: AbortSignal;
}

/** What came of an attempt; `put_off`: the server stopped before it ended. */
export type Outcome = "delivered" | "failed" | "dead" | "put_off";

/** The purpose under which a subscription's secret is sealed. */
export function secretPurpose(subscriptionId: Subscription["id"]): string {
  return `webhook/${subscriptionId}`;
}

/** Makes the attempt and notes it. @throws StoreUnavailable: it will be made again, under the same id */
export async function attempt(delivery: Delivery, parts: SenderParts): Promise<Outcome> {
  const { store, now } = parts;
  const subscription = await store.findSubscription(delivery.subscriptionId);
  const sent = subscription === undefined ? unknown : await post(delivery, subscription, parts);
  const { status, outcome, nextAttemptMs } = judge(delivery, sent, parts);
  await store.noteAttempt({ id: delivery.id, status, result: sent.result, nextAttemptMs, atMs: now() });
  if (sent.kind === "gone") await endSubscription(delivery, parts);
  return outcome;
}

type Sent =
  | { readonly kind: "delivered" | "gone" | "stopped"; readonly result: string }
  | { readonly kind: "failed"; readonly result: string; readonly retryAfterMs: number };

const unknown: Sent = { kind: "gone", result: "the subscription is unknown" };

async function post(delivery: Delivery, subscription: Subscription, parts: SenderParts): Promise<Sent> {
  const { seal, now, schedule, allowPrivate, stopping } = parts;
  try {
    const secret = Buffer.from(seal.open(secretPurpose(subscription.id), subscription.sealedSecret));
    const message = {
      id: formatId("delivery", delivery.id),
      at: Math.floor(now() / 1000),
      body: delivery.body,
    };
    const headers = {
      "content-type": "application/json",
      "user-agent": "Rescind-Webhooks",
      ...signatureHeaders(message, secret.toString()),
    };
    const { timeoutMs, mostAnswerBytes: mostBytes } = schedule;
    const options = { timeoutMs, mostBytes, allowPrivate, signal: stopping };
    return judgeAnswer(await postOutside(subscription.url, { headers, body: delivery.body }, options), now());
  } catch (error) {
    if (stopping.aborted) return { kind: "stopped", result: "the server stopped" };
    return { kind: "failed", result: explanation(error, schedule), retryAfterMs: 0 };
  }
}

function judgeAnswer({ status, retryAfter }: OutsideAnswer, nowMs: number): Sent {
  const result = `status ${status}`;
  if (status >= 200 && status < 300) return { kind: "delivered", result };
  if (status === 410) return { kind: "gone", result };
  return { kind: "failed", result, retryAfterMs: retryAfterMs(retryAfter, nowMs) };
}

interface Judgement {
  readonly status: Delivery["status"];
  readonly outcome: Outcome;
  readonly nextAttemptMs: number;
}

function judge(delivery: Delivery, sent: Sent, { now, chance, schedule }: SenderParts): Judgement {
  const nowMs = now();
  switch (sent.kind) {
    case "delivered":
      return { status: "delivered", outcome: "delivered", nextAttemptMs: nowMs };
    case "gone":
      return { status: "dead", outcome: "dead", nextAttemptMs: nowMs };
    case "stopped":
      return { status: "pending", outcome: "put_off", nextAttemptMs: nowMs };
    case "failed": {
      const wait = waitAfter(delivery.attempts + 1, schedule, chance(), sent.retryAfterMs);
      if (wait === undefined) return { status: "dead", outcome: "dead", nextAttemptMs: nowMs };
      return { status: "pending", outcome: "failed", nextAttemptMs: nowMs + wait };
    }
  }
}

/** RFC 9110 section 15.5.11: nothing is wanted there any more. What was on its way is given up; the last event goes out. */
async function endSubscription({ subscriptionId }: Delivery, { store, now }: SenderParts): Promise<void> {
  const actor = { kind: "server", id: "endpoint_gone" } as const;
  await store.cancelSubscription({ id: subscriptionId, actor, atMs: now() });
  for (;;) {
    const filter = { subscriptionId, status: "pending" } as const;
    const { items } = await store.listDeliveries(filter, { limit: 100, cursor: undefined });
    const rest = items.filter(({ type }) => type !== "subscription.cancelled");
    if (rest.length === 0) return;
    for (const { id } of rest)
      await store.noteAttempt({
        id,
        status: "dead",
        result: "not sent: the endpoint is gone",
        nextAttemptMs: now(),
        atMs: now(),
      });
  }
}

/** Why there was no answer; names and addresses of the operator's own network do not belong into a list. */
function explanation(error: unknown, { timeoutMs }: WebhookSchedule): string {
  if (!(error instanceof Error)) return "failed";
  if (error.name === "AbortError" || error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return code === undefined ? error.message : `no connection: ${code}`;
}
