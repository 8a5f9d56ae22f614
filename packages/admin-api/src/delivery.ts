// Webhook deliveries: one event on its way to one subscription. `delivery_id` is the `webhook-id` that the receiver
// sees, the same at each attempt.

import Type from "typebox";
import { Count, Id, Time, type Wire } from "./field.ts";
import { page } from "./list.ts";

/** `dead`: given up after the last attempt; it can be sent again. */
export const DeliveryStatus = Type.Enum(["pending", "delivered", "dead"], { type: "string" });

export type DeliveryStatus = Type.Static<typeof DeliveryStatus>;

export const DeliveryItem = Type.Object({
  delivery_id: Type.String(),
  subscription_id: Type.String(),
  type: Type.String({ description: "The event's type." }),
  status: DeliveryStatus,
  attempts: Count,
  created_at: Time,
  next_attempt_at: Type.Optional(Time),
  finished_at: Type.Optional(Time),
  last_result: Type.Optional(Type.String({ description: "The HTTP status, or what went wrong." })),
  event: Type.Record(Type.String(), Type.Unknown(), { description: "What is sent: type, timestamp, data." }),
});

export type DeliveryItem = Wire<typeof DeliveryItem>;

export const DeliveryPath = Type.Object(
  { delivery_id: Id("delivery", "The delivery's id.") },
  { additionalProperties: false },
);

export const DeliveryQuery = Type.Object(
  {
    subscription_id: Type.Optional(Id("subscription", "Deliveries of this subscription.")),
    status: Type.Optional(DeliveryStatus),
    ...page,
  },
  { additionalProperties: false },
);

export type DeliveryQuery = Wire<typeof DeliveryQuery>;
