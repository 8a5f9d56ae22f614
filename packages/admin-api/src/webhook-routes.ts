// The part of the table that is about webhooks.

import { DeliveryItem, DeliveryPath, DeliveryQuery } from "./delivery.ts";
import { List } from "./list.ts";
import type { Route } from "./routes.ts";
import { NewSubscription, SubscriptionAnswer, SubscriptionPath, SubscriptionQuery } from "./subscription.ts";

const subscriptions = "/admin/v1/subscriptions";
const subscription = `${subscriptions}/:subscription_id`;
const deliveries = "/admin/v1/deliveries";

export const webhookRoutes = {
  createSubscription: {
    method: "POST",
    path: subscriptions,
    scope: "rescind:admin",
    summary: "Subscribe a webhook: bound to a grant or a client and cancelled with it, or to nothing",
    body: NewSubscription,
    answers: { 201: SubscriptionAnswer },
  },
  listSubscriptions: {
    method: "GET",
    path: subscriptions,
    scope: "rescind:read",
    summary: "List webhook subscriptions",
    query: SubscriptionQuery,
    answers: { 200: List(SubscriptionAnswer, "Subscriptions, without their secrets.") },
  },
  readSubscription: {
    method: "GET",
    path: subscription,
    scope: "rescind:read",
    summary: "Read a webhook subscription",
    params: SubscriptionPath,
    answers: { 200: SubscriptionAnswer },
  },
  cancelSubscription: {
    method: "DELETE",
    path: subscription,
    scope: "rescind:admin",
    summary: "Cancel a webhook subscription; one last event says so",
    params: SubscriptionPath,
    answers: { 204: undefined },
  },
  listDeliveries: {
    method: "GET",
    path: deliveries,
    scope: "rescind:read",
    summary: "List webhook deliveries",
    query: DeliveryQuery,
    answers: { 200: List(DeliveryItem, "Deliveries.") },
  },
  resendDelivery: {
    method: "POST",
    path: `${deliveries}/:delivery_id/resend`,
    scope: "rescind:admin",
    summary: "Send a delivery again that arrived or was given up, at once and under the same id",
    params: DeliveryPath,
    answers: { 200: DeliveryItem },
  },
} as const satisfies Record<string, Route>;
