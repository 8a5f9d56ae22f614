// Webhook subscriptions: bound to a grant or a client, and cancelled with it, or to nothing. The secret with which
// deliveries are signed (Standard Webhooks) is in the answer that made it and nowhere else.

import Type from "typebox";
import { ClientId, Id, Time, WebUri, type Wire } from "./field.ts";
import { page } from "./list.ts";
import { EventType } from "./webhook-event.ts";

const GrantId = Id("grant", "Cancelled with this grant, whatever ends it.");

export const NewSubscription = Type.Object(
  {
    url: WebUri,
    grant_id: Type.Optional(GrantId),
    client_id: Type.Optional(ClientId),
    events: Type.Optional(
      Type.Array(EventType, {
        minItems: 1,
        uniqueItems: true,
        description: "Only these; all if absent. subscription.cancelled comes whether it is named or not.",
      }),
    ),
  },
  { additionalProperties: false },
);

export type NewSubscription = Wire<typeof NewSubscription>;

export const SubscriptionStatus = Type.Enum(["active", "cancelled"], { type: "string" });

export const SubscriptionAnswer = Type.Object({
  subscription_id: Type.String(),
  secret: Type.Optional(
    Type.String({ description: "whsec_ and 32 bytes in base64; once, in the answer that made it." }),
  ),
  url: Type.String(),
  grant_id: Type.Optional(Type.String()),
  client_id: Type.Optional(Type.String({ description: "Its binding, or the client of its grant." })),
  events: Type.Array(EventType, { description: "Empty: all." }),
  status: SubscriptionStatus,
  created_at: Time,
});

export type SubscriptionAnswer = Wire<typeof SubscriptionAnswer>;

export const SubscriptionPath = Type.Object(
  { subscription_id: Id("subscription", "The subscription's id.") },
  { additionalProperties: false },
);

export const SubscriptionQuery = Type.Object(
  { grant_id: Type.Optional(GrantId), client_id: Type.Optional(ClientId), ...page },
  { additionalProperties: false },
);

export type SubscriptionQuery = Wire<typeof SubscriptionQuery>;
