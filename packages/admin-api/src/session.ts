// Login sessions: one person in one browser. They are ended by a revocation of `session_id` or `subject`.

import Type from "typebox";
import { Id, Subject, Time, type Wire } from "./field.ts";
import { page } from "./list.ts";
import { TokenStatus } from "./token.ts";

export const SessionItem = Type.Object({
  session_id: Type.String({ description: "The `sid`." }),
  subject: Type.String(),
  status: TokenStatus,
  authenticated_at: Time,
  amr: Type.Array(Type.String(), { description: "How the person authenticated (RFC 8176)." }),
  user_agent: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
  opened_at: Time,
  last_seen_at: Time,
  expires_at: Type.String({ format: "date-time", description: "If it is not used again." }),
});

export type SessionItem = Wire<typeof SessionItem>;

export const SessionQuery = Type.Object(
  {
    subject: Type.Optional(Subject),
    session_id: Type.Optional(Id("session", "One session.")),
    ...page,
  },
  { additionalProperties: false },
);

export type SessionQuery = Wire<typeof SessionQuery>;
