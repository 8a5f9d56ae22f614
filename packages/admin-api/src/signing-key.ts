// Signing keys as administrators see them; the public halves stand at `/oauth2/jwks`.

import { signingAlgs } from "@rescind/core";
import Type from "typebox";
import { Time, type Wire } from "./field.ts";

/**
 * `waiting`: published, signs from `signs_from`. `retired`: published and accepted, no longer used to sign. `revoked`: an
 * entry of the log covers it.
 */
export const SigningKeyItem = Type.Object({
  kid: Type.String(),
  use: Type.Enum(["access", "id", "feed"], { type: "string" }),
  alg: Type.Enum(signingAlgs, { type: "string" }),
  status: Type.Enum(["waiting", "signing", "retired", "revoked"], { type: "string" }),
  created_at: Time,
  signs_from: Time,
  retired_at: Type.Optional(Type.String({ format: "date-time", description: "It signs until then." })),
});

export type SigningKeyItem = Wire<typeof SigningKeyItem>;

/** Which keys are to be replaced; those of one use and algorithm, or all that sign tokens. */
export const KeyRotation = Type.Object(
  {
    use: Type.Optional(Type.Enum(["access", "id"], { type: "string", description: "Both if absent." })),
    alg: Type.Optional(Type.Enum(signingAlgs, { type: "string", description: "All if absent." })),
  },
  { additionalProperties: false },
);

export type KeyRotation = Wire<typeof KeyRotation>;

/** The keys as they are afterwards. */
export const KeyRotationAnswer = Type.Object({ items: Type.Array(SigningKeyItem) });

export type KeyRotationAnswer = Wire<typeof KeyRotationAnswer>;
