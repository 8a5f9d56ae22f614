// Why something is live or not: what it is, its facts, and every entry on the log that names it. No secrets.

import Type from "typebox";
import { Actor } from "./audit.ts";
import { Id, Seq, Time, type Wire } from "./field.ts";
import { TokenText } from "./select.ts";

export const ExplanationRequest = Type.Object(
  {
    token: Type.Optional(TokenText),
    token_id: Type.Optional(Id("token", "An access token's `jti`, or the id of a refresh token in a list.")),
    grant_id: Type.Optional(Id("grant", "A grant; judged by its newest token.")),
    session_id: Type.Optional(Id("session", "A login session.")),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1, description: "Exactly one." },
);

export type ExplanationRequest = Wire<typeof ExplanationRequest>;

export const ExplainedEntry = Type.Object({
  seq: Seq,
  revocation_id: Type.String(),
  unit: Type.String({ description: "The kind of unit it names; of an ancestor in `lineage`." }),
  at: Time,
  effect: Type.Enum(["covers", "lifted", "spares"], { type: "string" }),
  why: Type.String({ description: "One sentence." }),
  reason: Type.String(),
  note: Type.Optional(Type.String()),
  actor: Actor,
  before: Type.Optional(Time),
  suspend: Type.Boolean(),
  final: Type.Boolean(),
  lifted_by: Type.Optional(Seq),
});

export type ExplainedEntry = Wire<typeof ExplainedEntry>;

export const Explanation = Type.Object({
  what: Type.Enum(["access_token", "refresh_token", "grant", "session", "foreign_token", "unknown"], {
    type: "string",
  }),
  status: Type.Enum(["live", "expired", "revoked", "spent", "not_yet", "unknown"], { type: "string" }),
  why: Type.String({ description: "One sentence." }),
  at: Time,
  head: Type.Integer({ minimum: 0, description: "The number on the log at which it was judged." }),
  facts: Type.Record(Type.String(), Type.Unknown()),
  units: Type.Array(
    Type.Object({
      unit: Type.String(),
      value: Type.String({ description: "Empty for issuer and all." }),
      client_id: Type.Optional(Type.String({ description: "Beside the value of subject+client." })),
      fp: Type.String({ description: "Its fingerprint on the feed." }),
      entries: Type.Array(ExplainedEntry),
    }),
    { description: "Every unit it belongs to, with what the log holds of it." },
  ),
  lineage: Type.Array(Type.Object({ fp: Type.String(), entries: Type.Array(ExplainedEntry) }), {
    description: "Units of the tokens it was exchanged from that an entry names.",
  }),
});

export type Explanation = Wire<typeof Explanation>;
