// The reasons of core on the wire, and the note beside them.

import Type from "typebox";
import { Text } from "./field.ts";
import { orderReasons } from "./order-reasons.ts";

export const Reason = Type.Enum(orderReasons, { type: "string", description: "administrator if absent." });

export type Reason = Type.Static<typeof Reason>;

export const Note = Text(500, "For the audit log; never shown to clients.");
