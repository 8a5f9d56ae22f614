// Signing keys as administrators see them; the public halves stand at `/oauth2/jwks`.

import { signingAlgs } from "@rescind/core";
import Type from "typebox";
import { Time, type Wire } from "./field.ts";

/** `retired`: published and accepted, no longer used to sign. `revoked`: an entry of the log covers it. */
export const SigningKeyItem = Type.Object({
  kid: Type.String(),
  use: Type.Enum(["access", "id", "feed"], { type: "string" }),
  alg: Type.Enum(signingAlgs, { type: "string" }),
  status: Type.Enum(["signing", "retired", "revoked"], { type: "string" }),
  created_at: Time,
  retired_at: Type.Optional(Time),
});

export type SigningKeyItem = Wire<typeof SigningKeyItem>;
