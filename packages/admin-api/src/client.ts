// Clients: RFC 7591 names on the wire. A confidential client's secret is shown once, when it is made.

import { clientAuthMethods, grantTypes, idTokenAlgs } from "@rescind/core";
import Type from "typebox";
import { ConsumerKeyItem, UnitStatus } from "./consumer-key.ts";
import {
  ClientId,
  JsonMap,
  Origin,
  Scope,
  ScopeDescriptions,
  Text,
  Time,
  Uri,
  WebUri,
  type Wire,
} from "./field.ts";

export const AccessTokenFormat = Type.Enum(["jwt", "opaque"], { type: "string" });

const IdTokenAlg = Type.Enum(idTokenAlgs, { type: "string", description: "Default RS256." });

export const RevocationPolicy = Type.Object(
  {
    access_token: Type.Optional(Type.Enum(["token", "grant", "subject_client"], { type: "string" })),
    refresh_token: Type.Optional(Type.Enum(["grant", "subject_client"], { type: "string" })),
  },
  {
    additionalProperties: false,
    description: "How far a revocation by token reaches; default token / grant.",
  },
);

const Jwks = Type.Object(
  { keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 20 }) },
  { additionalProperties: false, description: "Public keys for private_key_jwt (RFC 7517)." },
);

const RedirectUris = Type.Array(
  Uri(
    "Absolute, as https://app.example/callback. Compared byte by byte; only the port of a loopback address may differ.",
  ),
  {
    maxItems: 50,
    uniqueItems: true,
  },
);

/** Seconds. */
const AccessTokenTtl = Type.Integer({ minimum: 1, maximum: 86_400, description: "Seconds; 900 if absent." });
const RefreshTokenTtl = Type.Integer({
  minimum: 1,
  maximum: 31_536_000,
  description: "Seconds without use; 30 days if absent.",
});

const required = {
  name: Text(200, "Shown to people."),
  grant_types: Type.Array(Type.Enum(grantTypes, { type: "string" }), {
    minItems: 1,
    maxItems: grantTypes.length,
    uniqueItems: true,
  }),
};

const optional = {
  redirect_uris: RedirectUris,
  post_logout_redirect_uris: RedirectUris,
  token_endpoint_auth_method: Type.Enum(clientAuthMethods, {
    type: "string",
    description: "Default client_secret_basic, which also allows client_secret_post.",
  }),
  client_assertion_audience: Type.Enum(["issuer", "token_endpoint"], {
    type: "string",
    description: "token_endpoint: assertions may also name that URL as their audience.",
  }),
  scope: Scope,
  audience: Type.Array(Uri("A resource."), {
    maxItems: 50,
    uniqueItems: true,
    description: "Resources it may ask for, the first is its default; none: the issuer.",
  }),
  refresh_token_rotation: Type.Boolean({
    description: "Default true; false for a confidential client only.",
  }),
  require_pkce: Type.Boolean({ description: "Default true; false for a confidential client only." }),
  first_party: Type.Boolean({ description: "No consent is asked for." }),
  revocation_policy: RevocationPolicy,
  allowed_origins: Type.Array(Origin, { maxItems: 50, uniqueItems: true }),
  jsonp: Type.Boolean(),
  id_token_signed_response_alg: IdTokenAlg,
  custom_claims: JsonMap(
    "Put into this client's access tokens. {\"user_field\": NAME} stands for the person's username, upn (the same), name, email, groups, or a member of their claims.",
  ),
  attributes: JsonMap(
    "As custom_claims, but resolved once, when a code is made or a grant opened, and kept with it: what was true when access was given. Together they take 4096 bytes of JSON at most, and no name twice.",
  ),
  scope_descriptions: ScopeDescriptions(
    "What its scopes mean, in words for people; the consent page shows them.",
  ),
};

const clearable = {
  jwks: Jwks,
  jwks_uri: WebUri,
  access_token_format: AccessTokenFormat,
  access_token_ttl: AccessTokenTtl,
  refresh_token_ttl: RefreshTokenTtl,
};

export const NewClient = Type.Object(
  {
    client_id: Type.Optional(ClientId),
    ...required,
    ...Type.Partial(Type.Object(optional)).properties,
    ...Type.Partial(Type.Object(clearable)).properties,
  },
  { additionalProperties: false },
);

export type NewClient = Wire<typeof NewClient>;

/** What is given replaces what was there; null takes a setting back to its default (RFC 7396). */
export const ClientChange = Type.Object(
  {
    ...Type.Partial(Type.Object(required)).properties,
    ...Type.Partial(Type.Object(optional)).properties,
    jwks: Type.Optional(Type.Union([Jwks, Type.Null()])),
    jwks_uri: Type.Optional(Type.Union([WebUri, Type.Null()])),
    access_token_format: Type.Optional(Type.Union([AccessTokenFormat, Type.Null()])),
    access_token_ttl: Type.Optional(Type.Union([AccessTokenTtl, Type.Null()])),
    refresh_token_ttl: Type.Optional(Type.Union([RefreshTokenTtl, Type.Null()])),
  },
  { additionalProperties: false, minProperties: 1 },
);

export type ClientChange = Wire<typeof ClientChange>;

/** `revoked` while a suspension of the client stands. */
export const ClientAnswer = Type.Object({
  client_id: Type.String(),
  client_secret: Type.Optional(Type.String({ description: "Once, in the answer that made it." })),
  name: Type.String(),
  grant_types: Type.Array(Type.String()),
  redirect_uris: Type.Array(Type.String()),
  post_logout_redirect_uris: Type.Array(Type.String()),
  token_endpoint_auth_method: Type.String(),
  jwks: Type.Optional(Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) })),
  jwks_uri: Type.Optional(Type.String()),
  client_assertion_audience: Type.Enum(["issuer", "token_endpoint"], { type: "string" }),
  scope: Type.String(),
  audience: Type.Array(Type.String()),
  access_token_format: Type.Optional(AccessTokenFormat),
  access_token_ttl: Type.Optional(Type.Integer()),
  refresh_token_ttl: Type.Optional(Type.Integer()),
  refresh_token_rotation: Type.Boolean(),
  require_pkce: Type.Boolean(),
  first_party: Type.Boolean(),
  revocation_policy: Type.Object({
    access_token: Type.Enum(["token", "grant", "subject_client"], { type: "string" }),
    refresh_token: Type.Enum(["grant", "subject_client"], { type: "string" }),
  }),
  allowed_origins: Type.Array(Type.String()),
  jsonp: Type.Boolean(),
  id_token_signed_response_alg: IdTokenAlg,
  custom_claims: Type.Record(Type.String(), Type.Unknown()),
  attributes: Type.Record(Type.String(), Type.Unknown()),
  scope_descriptions: Type.Record(Type.String(), Type.String()),
  status: UnitStatus,
  keys: Type.Array(ConsumerKeyItem),
  created_at: Time,
});

export type ClientAnswer = Wire<typeof ClientAnswer>;

export const ClientPath = Type.Object({ client_id: ClientId }, { additionalProperties: false });
