// Clients and resources between the wire and core: RFC 7591 names in, `Client` and `Resource` out, and back. The
// admin API and the config file both come through here. Pure: looks nothing up.

import { createPublicKey } from "node:crypto";
import {
  type ClientAnswer,
  checkRegistration,
  checkScopeDescriptions,
  type FieldError,
  formatTimeMs,
  type NewClient,
  type NewResource,
  type ResourceAnswer,
  type UnitStatus,
} from "@rescind/admin-api";
import { type Client, type ConsumerKey, defaultPolicy, parseScope, type Resource } from "@rescind/core";
import { checkOutsideUrl } from "./outside-url.ts";

export type NamedClient = NewClient & { readonly client_id: string };

export interface RegistrationRules {
  readonly allowPrivateNetworks: boolean;
}

/** The client that a whole registration describes, or what is wrong with it. Absent members take their defaults. */
export function clientFromRequest(body: NamedClient, rules: RegistrationRules): Client | FieldError[] {
  const scopes = parseScope(body.scope);
  if ("kind" in scopes) return [{ pointer: "/scope", detail: scopes.description }];
  const errors = [checkRegistration(body), checkKeys(body), checkKeysUrl(body, rules)]
    .concat(checkOrigins(body), checkAudience(body))
    .filter((error) => error !== undefined);
  if (errors.length > 0) return errors;
  return {
    clientId: body.client_id,
    name: body.name,
    grantTypes: body.grant_types,
    redirectUris: body.redirect_uris ?? [],
    postLogoutRedirectUris: body.post_logout_redirect_uris ?? [],
    authMethod: body.token_endpoint_auth_method ?? "client_secret_basic",
    jwks: body.jwks,
    jwksUri: body.jwks_uri,
    assertionAudience: body.client_assertion_audience ?? "issuer",
    scopes,
    audience: body.audience ?? [],
    accessTokenFormat: body.access_token_format,
    accessTokenTtl: body.access_token_ttl,
    refreshTokenTtl: body.refresh_token_ttl,
    refreshTokenRotation: body.refresh_token_rotation ?? true,
    requirePkce: body.require_pkce ?? true,
    firstParty: body.first_party ?? false,
    revocationPolicy: {
      accessToken: body.revocation_policy?.access_token ?? defaultPolicy.accessToken,
      refreshToken: body.revocation_policy?.refresh_token ?? defaultPolicy.refreshToken,
    },
    allowedOrigins: body.allowed_origins ?? [],
    jsonp: body.jsonp ?? false,
    idTokenAlg: body.id_token_signed_response_alg ?? "RS256",
    customClaims: body.custom_claims ?? {},
    attributes: body.attributes ?? {},
    scopeDescriptions: body.scope_descriptions ?? {},
  };
}

/** The whole registration that describes a client: what `clientFromRequest` reads. */
export function requestFromClient(client: Client) {
  return {
    client_id: client.clientId,
    name: client.name,
    grant_types: [...client.grantTypes],
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    token_endpoint_auth_method: client.authMethod,
    ...(client.jwks === undefined ? {} : { jwks: { keys: client.jwks.keys.map((key) => ({ ...key })) } }),
    ...(client.jwksUri === undefined ? {} : { jwks_uri: client.jwksUri }),
    client_assertion_audience: client.assertionAudience,
    scope: client.scopes.join(" "),
    audience: [...client.audience],
    ...(client.accessTokenFormat === undefined ? {} : { access_token_format: client.accessTokenFormat }),
    ...(client.accessTokenTtl === undefined ? {} : { access_token_ttl: client.accessTokenTtl }),
    ...(client.refreshTokenTtl === undefined ? {} : { refresh_token_ttl: client.refreshTokenTtl }),
    refresh_token_rotation: client.refreshTokenRotation,
    require_pkce: client.requirePkce,
    first_party: client.firstParty,
    revocation_policy: {
      access_token: client.revocationPolicy.accessToken,
      refresh_token: client.revocationPolicy.refreshToken,
    },
    allowed_origins: [...client.allowedOrigins],
    jsonp: client.jsonp,
    id_token_signed_response_alg: client.idTokenAlg,
    custom_claims: { ...client.customClaims },
    attributes: { ...client.attributes },
    scope_descriptions: { ...client.scopeDescriptions },
  } satisfies NamedClient;
}

export interface Registered {
  readonly client: Client;
  readonly keys: readonly ConsumerKey[];
  readonly createdAtMs: number;
}

/** A client as answers show it; of its keys only the ids. */
export function clientAnswer(
  registered: Registered,
  statusOf: (unit: "client" | "key", value: string) => UnitStatus,
): ClientAnswer {
  const { client, keys, createdAtMs } = registered;
  return {
    ...requestFromClient(client),
    status: statusOf("client", client.clientId),
    keys: keys.map(({ keyId }) => ({ key_id: keyId, status: statusOf("key", keyId) })),
    created_at: formatTimeMs(createdAtMs),
  };
}

/** The resource that a request describes, or what is wrong with it. */
export function resourceFromRequest(body: NewResource): Resource | FieldError[] {
  const { scopes = [], scope_descriptions: words } = body;
  const error =
    checkUri("/resource", body.resource) ??
    checkScopeDescriptions(words, scopes.length === 0 ? "any" : scopes);
  if (error !== undefined) return [error];
  return {
    resource: body.resource,
    name: body.name,
    scopes,
    ...(words === undefined ? {} : { scopeDescriptions: words }),
    accessTokenFormat: body.access_token_format,
    accessTokenTtl: body.access_token_ttl,
    accessTokenTyp: body.access_token_typ ?? "at+jwt",
    signingAlg: body.signing_alg ?? "ES256",
  };
}

export function resourceAnswer(resource: Resource): ResourceAnswer {
  return {
    resource: resource.resource,
    ...(resource.name === undefined ? {} : { name: resource.name }),
    scopes: [...resource.scopes],
    ...(resource.scopeDescriptions === undefined
      ? {}
      : { scope_descriptions: { ...resource.scopeDescriptions } }),
    ...(resource.accessTokenFormat === undefined ? {} : { access_token_format: resource.accessTokenFormat }),
    ...(resource.accessTokenTtl === undefined ? {} : { access_token_ttl: resource.accessTokenTtl }),
    access_token_typ: resource.accessTokenTyp,
    signing_alg: resource.signingAlg,
  };
}

/** Whether the client authenticates by a secret, and so by consumer keys. */
export function usesSecret(client: Client): boolean {
  return client.authMethod === "client_secret_basic" || client.authMethod === "client_secret_post";
}

function checkKeys({ jwks }: NewClient): FieldError | undefined {
  const index = jwks?.keys.findIndex((key) => !isPublicKey(key)) ?? -1;
  return index < 0
    ? undefined
    : { pointer: `/jwks/keys/${index}`, detail: "This is not a public key that can be used." };
}

function isPublicKey(jwk: Readonly<Record<string, unknown>>): boolean {
  try {
    return createPublicKey({ key: jwk, format: "jwk" }).type === "public";
  } catch {
    return false;
  }
}

/** What is fetched must come over https; that its name leads to no private address is checked when it is fetched. */
function checkKeysUrl({ jwks_uri: text }: NewClient, rules: RegistrationRules): FieldError | undefined {
  if (text === undefined) return undefined;
  return checkOutsideUrl("/jwks_uri", text, rules);
}

function checkOrigins({ allowed_origins: origins = [] }: NewClient): FieldError | undefined {
  const index = origins.findIndex((origin) => /^https?:/.test(origin) && !isOrigin(origin));
  return index < 0
    ? undefined
    : {
        pointer: `/allowed_origins/${index}`,
        detail:
          "This is not an origin as browsers send it: scheme, host, and the port if it is not the usual one.",
      };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function checkAudience({ audience = [] }: NewClient): FieldError | undefined {
  return audience
    .map((uri, index) => checkUri(`/audience/${index}`, uri))
    .find((error) => error !== undefined);
}

function checkUri(pointer: string, text: string): FieldError | undefined {
  return URL.canParse(text) ? undefined : { pointer, detail: "This is not an absolute URI." };
}
