// Why something was revoked: a closed list, so that histories can be counted. What needs more words is a note.

import Type from "typebox";
import { Text } from "./field.ts";

/** All reasons that the history may show. */
export const reasons = [
  "unspecified",
  "client_request",
  "user_request",
  "administrator",
  "replay_detected",
  "token_leaked",
  "key_compromise",
  "logout",
  "consent_withdrawn",
  "password_changed",
  "user_disabled",
  "user_deleted",
  "client_suspended",
  "client_deleted",
  "secret_rotated",
  "security_event",
  "restore",
] as const;

/** Found out by the server itself; nobody may claim them. */
const ofTheServer = ["replay_detected", "restore"];

/** The reasons an order may give. */
export const orderReasons = reasons.filter(
  (reason): reason is Exclude<(typeof reasons)[number], "replay_detected" | "restore"> =>
    !ofTheServer.includes(reason),
);

export const Reason = Type.Enum(orderReasons, { type: "string", description: "administrator if absent." });

export type Reason = Type.Static<typeof Reason>;

export const Note = Text(500, "For the audit log; never shown to clients.");
