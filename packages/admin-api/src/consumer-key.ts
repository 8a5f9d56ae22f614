// Consumer keys: the secrets of a client, each with a life of its own. On the wire a caller always sends `client_id`
// and a secret; the secret says which key it is.

import Type from "typebox";
import { Id, type Wire } from "./field.ts";
import { Note, Reason } from "./reason.ts";

/** `revoked` while a suspension stands; `approved` otherwise. */
export const UnitStatus = Type.Enum(["approved", "revoked"], { type: "string" });

export type UnitStatus = Type.Static<typeof UnitStatus>;

export const ConsumerKeyItem = Type.Object({ key_id: Type.String(), status: UnitStatus });

export const ConsumerKeyAnswer = Type.Object({
  key_id: Type.String(),
  client_id: Type.String(),
  client_secret: Type.Optional(Type.String({ description: "Once, in the answer that made it." })),
  status: UnitStatus,
});

export type ConsumerKeyAnswer = Wire<typeof ConsumerKeyAnswer>;

/** Nothing to choose yet; an empty object or no body at all. */
export const NewConsumerKey = Type.Object({}, { additionalProperties: false });

/** The body of `…/rotate` of a key. */
export const KeyReplacement = Type.Object(
  {
    keep_old: Type.Optional(
      Type.Boolean({
        description: "The old key and its tokens go on until the key is deleted; default: it ends now.",
      }),
    ),
  },
  { additionalProperties: false },
);

export type KeyReplacement = Wire<typeof KeyReplacement>;

export const ConsumerKeyPath = Type.Object(
  { key_id: Id("key", "The consumer key's id.") },
  { additionalProperties: false },
);

/** The body of `…/revoke` of a client or key. */
export const Suspension = Type.Object(
  {
    reason: Type.Optional(Reason),
    note: Type.Optional(Note),
    final: Type.Optional(Type.Boolean({ description: "For good: approving answers 409." })),
  },
  { additionalProperties: false },
);

export type Suspension = Wire<typeof Suspension>;

/** The body of `…/approve` of a client or key. */
export const Approval = Type.Object({ note: Type.Optional(Note) }, { additionalProperties: false });

export type Approval = Wire<typeof Approval>;
