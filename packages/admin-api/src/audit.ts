// The audit log: who did what. Numbers have no holes, and each record's hash covers the one before it.

import Type from "typebox";
import { Seq, Text, Time, type Wire } from "./field.ts";
import { page } from "./list.ts";

export const Actor = Type.Object({
  kind: Type.Enum(["client", "user", "admin", "server"], { type: "string" }),
  id: Type.String(),
});

export type Actor = Wire<typeof Actor>;

export const AuditItem = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  at: Time,
  action: Type.String(),
  actor: Actor,
  revocation_id: Type.Optional(Type.String()),
  seq: Type.Optional(Seq),
  content: Type.Record(Type.String(), Type.Unknown()),
  hash: Type.String(),
});

export type AuditItem = Wire<typeof AuditItem>;

export const AuditVerification = Type.Object({
  records: Type.Integer({ minimum: 0, description: "Records that fit, from the first one on." }),
  head: Type.String({ description: "The hash of the last of them." }),
  broken_at: Type.Optional(
    Type.Integer({ minimum: 1, description: "The number of the first record that does not fit." }),
  ),
});

export type AuditVerification = Wire<typeof AuditVerification>;

export const AuditQuery = Type.Object(
  {
    action: Type.Optional(Text(64, "One action, for example revoke.")),
    actor: Type.Optional(Text(255, "The id of who did it.")),
    ...page,
  },
  { additionalProperties: false },
);

export type AuditQuery = Wire<typeof AuditQuery>;
