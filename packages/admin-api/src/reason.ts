// The reasons of core on the wire, and the note beside them.

import { type RevocationReason, revocationReasons } from "@rescind/core";
import Type from "typebox";
import { Text } from "./field.ts";

/** Found out by the server itself; nobody may claim them. */
const ofTheServer = ["replay_detected", "restore"];

/** The reasons an order may give. */
export const orderReasons = revocationReasons.filter(
  (reason): reason is Exclude<RevocationReason, "replay_detected" | "restore"> =>
    !ofTheServer.includes(reason),
);

export const Reason = Type.Enum(orderReasons, { type: "string", description: "administrator if absent." });

export type Reason = Type.Static<typeof Reason>;

export const Note = Text(500, "For the audit log; never shown to clients.");
