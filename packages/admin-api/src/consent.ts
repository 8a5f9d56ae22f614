// Consents: what a person has let a client do. A revocation of `subject` with `client_id` withdraws one.

import Type from "typebox";
import { ClientId, Subject, Time, type Wire } from "./field.ts";
import { page } from "./list.ts";

export const ConsentItem = Type.Object({
  subject: Type.String(),
  client_id: Type.String(),
  scope: Type.String(),
  granted_at: Time,
});

export type ConsentItem = Wire<typeof ConsentItem>;

export const ConsentQuery = Type.Object(
  { subject: Type.Optional(Subject), client_id: Type.Optional(ClientId), ...page },
  { additionalProperties: false },
);

export type ConsentQuery = Wire<typeof ConsentQuery>;
