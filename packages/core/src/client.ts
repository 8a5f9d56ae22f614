// A client as it is registered (RFC 7591 names on the wire, CONTRACT.md section 5), parsed.

import type { RevocationPolicy } from "./cascade.ts";

export const grantTypes = [
  "authorization_code",
  "client_credentials",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "urn:ietf:params:oauth:grant-type:device_code",
] as const;

export type GrantType = (typeof grantTypes)[number];

export const clientAuthMethods = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "none",
] as const;

export type ClientAuthMethod = (typeof clientAuthMethods)[number];

export type AccessTokenFormat = "jwt" | "opaque";

/** What ID tokens may be signed with; RS256 is what OpenID Connect expects of everybody. */
export const idTokenAlgs = ["RS256", "ES256"] as const;

export type IdTokenAlg = (typeof idTokenAlgs)[number];

export interface Client {
  readonly clientId: string;
  readonly name: string;
  readonly grantTypes: readonly GrantType[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly authMethod: ClientAuthMethod;
  /** Public keys for `private_key_jwt`, inline or by URL; exactly one of them with that method. */
  readonly jwks: JsonWebKeySet | undefined;
  readonly jwksUri: string | undefined;
  /** The one wider audience for assertions: also the token endpoint's URL. */
  readonly assertionAudience: "issuer" | "token_endpoint";
  readonly scopes: readonly string[];
  /** Resources it may ask for, the default first; empty: the issuer. */
  readonly audience: readonly string[];
  readonly accessTokenFormat: AccessTokenFormat | undefined;
  /** Seconds. */
  readonly accessTokenTtl: number | undefined;
  /** Seconds without use. */
  readonly refreshTokenTtl: number | undefined;
  readonly refreshTokenRotation: boolean;
  readonly requirePkce: boolean;
  readonly firstParty: boolean;
  readonly revocationPolicy: RevocationPolicy;
  readonly allowedOrigins: readonly string[];
  readonly jsonp: boolean;
  readonly idTokenAlg: IdTokenAlg;
  /** Members put into this client's access tokens; `{ user_field: NAME }` stands for the person's (`resolveClaims`). */
  readonly customClaims: Readonly<Record<string, unknown>>;
  /**
   * As `customClaims`, but resolved once, when a code is made or a grant opened, and kept with it: what was true when
   * access was given.
   */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /** What its scopes mean, in words for people, by scope value. */
  readonly scopeDescriptions?: Readonly<Record<string, string>> | undefined;
}

export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** A consumer key: one of the secrets with which a client authenticates, with a life of its own. */
export interface ConsumerKey {
  readonly keyId: string;
  readonly clientId: string;
  /** Digest of the secret, never the secret. */
  readonly digest: Uint8Array;
}

export const signingAlgs = ["ES256", "RS256", "PS256", "EdDSA"] as const;

export type SigningAlg = (typeof signingAlgs)[number];

/** A resource server (RFC 8707), named by its absolute URI. */
export interface Resource {
  readonly resource: string;
  readonly name: string | undefined;
  /** Scopes it knows; empty: any. */
  readonly scopes: readonly string[];
  /** What its scopes mean, in words for people; a client's own words come first. */
  readonly scopeDescriptions?: Readonly<Record<string, string>> | undefined;
  readonly accessTokenFormat: AccessTokenFormat | undefined;
  readonly accessTokenTtl: number | undefined;
  readonly accessTokenTyp: "at+jwt" | "JWT";
  readonly signingAlg: SigningAlg;
}

export function isConfidential(client: Client): boolean {
  return client.authMethod !== "none";
}
