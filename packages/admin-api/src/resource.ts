// Resources: the resource servers that tokens are for (RFC 8707), named by their absolute URI.

import { signingAlgs } from "@rescind/core";
import Type from "typebox";
import { AccessTokenFormat } from "./client.ts";
import { ScopeDescriptions, ScopeValue, Text, Uri, type Wire } from "./field.ts";

const fields = {
  name: Type.Optional(Text(200, "Shown to people.")),
  scopes: Type.Optional(
    Type.Array(ScopeValue, { maxItems: 200, uniqueItems: true, description: "Scopes it knows; none: any." }),
  ),
  scope_descriptions: Type.Optional(
    ScopeDescriptions("What its scopes mean, in words for people; a client's own words come first."),
  ),
  access_token_format: Type.Optional(AccessTokenFormat),
  access_token_ttl: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: "Seconds." })),
  access_token_typ: Type.Optional(
    Type.Enum(["at+jwt", "JWT"], { type: "string", description: "Default at+jwt." }),
  ),
  signing_alg: Type.Optional(Type.Enum(signingAlgs, { type: "string", description: "Default ES256." })),
};

/** Creates the resource, or replaces its settings. */
export const NewResource = Type.Object(
  { resource: Uri("What `resource` and `aud` name."), ...fields },
  { additionalProperties: false },
);

export type NewResource = Wire<typeof NewResource>;

export const ResourceAnswer = Type.Object({
  resource: Type.String(),
  name: Type.Optional(Type.String()),
  scopes: Type.Array(Type.String()),
  scope_descriptions: Type.Optional(Type.Record(Type.String(), Type.String())),
  access_token_format: Type.Optional(AccessTokenFormat),
  access_token_ttl: Type.Optional(Type.Integer()),
  access_token_typ: Type.Enum(["at+jwt", "JWT"], { type: "string" }),
  signing_alg: Type.Enum(signingAlgs, { type: "string" }),
});

export type ResourceAnswer = Wire<typeof ResourceAnswer>;
