// Foreign issuers: whose JWTs can be revoked and introspected here. CONTRACT.md section 5.

import { foreignTokenTtlCap } from "@rescind/core";
import Type from "typebox";
import { Time, WebUri, type Wire } from "./field.ts";

/** Registers the issuer, or replaces its settings. */
export const NewIssuer = Type.Object(
  {
    issuer: Type.String({ ...WebUri, description: "The `iss` of its tokens, letter for letter." }),
    jwks_uri: WebUri,
    max_token_ttl: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: foreignTokenTtlCap,
        description: `Seconds its tokens live at most; ${foreignTokenTtlCap} if absent. One that claims more is not believed.`,
      }),
    ),
  },
  { additionalProperties: false },
);

export type NewIssuer = Wire<typeof NewIssuer>;

export const IssuerAnswer = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  max_token_ttl: Type.Integer(),
});

export type IssuerAnswer = Wire<typeof IssuerAnswer>;

export const IssuerItem = Type.Object({ ...IssuerAnswer.properties, created_at: Time });

export type IssuerItem = Wire<typeof IssuerItem>;
