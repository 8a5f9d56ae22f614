// Orders to revoke, their receipts, their history, and lifting them. CONTRACT.md sections 5 and 6.

import Type from "typebox";
import { Actor } from "./audit.ts";
import { ClientId, Count, Id, Seq, Subject, Time, WholeSecond, type Wire } from "./field.ts";
import { page } from "./list.ts";
import { Note, Reason } from "./reason.ts";
import { RecordedSelect, Select } from "./select.ts";

export const NewRevocation = Type.Object(
  {
    select: Select,
    before: Type.Optional(WholeSecond),
    reason: Type.Optional(Reason),
    note: Type.Optional(Note),
    final: Type.Optional(Type.Boolean({ description: "Can never be lifted." })),
    max_affected: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000_000,
        description: "Over this many tokens: 409, nothing changed.",
      }),
    ),
    dry_run: Type.Optional(Type.Boolean({ description: "Count only." })),
  },
  { additionalProperties: false },
);

export type NewRevocation = Wire<typeof NewRevocation>;

/** Counted over live tokens, after the order; lower bounds where `exact` is false. */
export const Affected = Type.Object({
  grants: Count,
  access_tokens: Count,
  refresh_tokens: Count,
  sessions: Count,
  subscriptions: Count,
  exact: Type.Boolean(),
});

export type Affected = Wire<typeof Affected>;

export const RevocationAnswer = Type.Object({
  id: Type.String(),
  seq: Seq,
  select: RecordedSelect,
  affected: Affected,
  at: Time,
});

export type RevocationAnswer = Wire<typeof RevocationAnswer>;

const ClientShare = Type.Object({
  client_id: Type.String(),
  access_tokens: Count,
  refresh_tokens: Count,
  last_used_at: Type.Optional(Time),
});

/** The answer to `dry_run`: what would happen. */
export const RevocationPreview = Type.Object({
  select: RecordedSelect,
  affected: Affected,
  at: Time,
  by_client: Type.Array(ClientShare),
});

export type RevocationPreview = Wire<typeof RevocationPreview>;

/** One order in the history; it outlives its entry. */
export const RevocationItem = Type.Object({
  id: Type.String(),
  seq: Seq,
  select: RecordedSelect,
  at: Time,
  reason: Type.String(),
  note: Type.Optional(Type.String()),
  actor: Actor,
  before: Type.Optional(Time),
  suspend: Type.Boolean({ description: "It took a client or key out of service." }),
  final: Type.Boolean(),
  lifted_by: Type.Optional(Seq),
});

export type RevocationItem = Wire<typeof RevocationItem>;

export const RevocationQuery = Type.Object(
  { subject: Type.Optional(Subject), client_id: Type.Optional(ClientId), ...page },
  { additionalProperties: false },
);

export type RevocationQuery = Wire<typeof RevocationQuery>;

export const RevocationPath = Type.Object(
  { id: Id("revocation", "The revocation's id.") },
  { additionalProperties: false },
);

export const NewLift = Type.Object({ note: Type.Optional(Note) }, { additionalProperties: false });

export type NewLift = Wire<typeof NewLift>;

export const LiftAnswer = Type.Object({
  id: Type.String({ description: "Of the revocation that was lifted." }),
  seq: Type.Integer({ description: "The lift's own number." }),
  lifts: Type.Integer({ description: "The number of the entry taken back." }),
});

export type LiftAnswer = Wire<typeof LiftAnswer>;
