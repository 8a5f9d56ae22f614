// Webhook deliveries: /admin/v1/deliveries. What is on its way, what arrived, what was given up, and sending it again.

import { type DeliveryItem, type DeliveryQuery, formatTimeMs } from "@rescind/admin-api";
import { formatId, parseId } from "@rescind/core";
import type { Delivery } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { administrator } from "./administrator.ts";
import { pageRequest, storedList } from "./list-page.ts";
import { refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function listDeliveries(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { subscription_id, status, ...page } = request.query as DeliveryQuery; // checked against the contract's schema
  const subscriptionId =
    subscription_id === undefined ? undefined : (parseId("subscription", subscription_id) ?? "0");
  return storedList(deps.store.listDeliveries({ subscriptionId, status }, pageRequest(page)), deliveryItem);
}

/** At once and out of its turn, under the same id. Its attempts go on counting, so one that was given up gets one more. */
export async function resendDelivery(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const id = parseId("delivery", request.params.delivery_id ?? "");
  const found = id === undefined ? undefined : await deps.store.findDelivery(id);
  if (id === undefined || found === undefined) return unknown;
  const atMs = deps.now();
  if (!(await deps.store.resendDelivery(id, atMs)))
    return refused("conflict", "This delivery is still on its way; it is tried again by itself.");
  await deps.store.recordAudit({
    action: "delivery.resent",
    actor: administrator(request),
    atMs,
    content: {
      delivery_id: formatId("delivery", id),
      subscription_id: formatId("subscription", found.subscriptionId),
    },
  });
  deps.webhooks.wake();
  const after = await deps.store.findDelivery(id);
  return after === undefined ? unknown : ok(deliveryItem(after));
}

const unknown = refused("not-found", "There is no delivery with this delivery_id.");

function deliveryItem(delivery: Delivery): DeliveryItem {
  const { status, attempts, lastResult, finishedAtMs } = delivery;
  return {
    delivery_id: formatId("delivery", delivery.id),
    subscription_id: formatId("subscription", delivery.subscriptionId),
    type: delivery.type,
    status,
    attempts,
    created_at: formatTimeMs(delivery.createdAtMs),
    ...(status === "pending" ? { next_attempt_at: formatTimeMs(delivery.nextAttemptMs) } : {}),
    ...(finishedAtMs === undefined ? {} : { finished_at: formatTimeMs(finishedAtMs) }),
    ...(lastResult === undefined ? {} : { last_result: lastResult }),
    event: JSON.parse(delivery.body), // written by webhooks/events.ts
  };
}
