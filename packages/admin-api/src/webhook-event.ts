// What webhooks tell of: the closed list of event types. Which order makes which of them is the server's table
// (webhooks/events.ts); docs/reference/webhooks.md shows it.

import Type from "typebox";

export const eventTypes = [
  "token.revoked",
  "token.leaked",
  "grant.revoked",
  "replay.detected",
  "session.revoked",
  "subject.revoked",
  "client.revoked",
  "client.suspended",
  "client.approved",
  "key.revoked",
  "key.suspended",
  "key.approved",
  "signing_key.revoked",
  "issuer.revoked",
  "all.revoked",
  "revocation.lifted",
  "subscription.cancelled",
] as const;

export type EventType = (typeof eventTypes)[number];

export const EventType = Type.Enum([...eventTypes], { type: "string", description: "What happened." });
