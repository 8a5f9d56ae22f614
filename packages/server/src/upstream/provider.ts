// What is asked of an upstream provider: its metadata, an authorization request, the exchange of a code, the revocation of
// a token. OpenID Connect by openid-client (loaded when the first of these is needed), over our own protected fetch. The
// ID token's signature is always checked, whatever way it came.

import type { UpstreamPerson } from "@rescind/core";
import type { StoredUpstream } from "@rescind/store";
import type { Configuration, CustomFetch } from "openid-client";
import { exchangeOutside } from "../http/outside-fetch.ts";
import type { Seal } from "../keys/master-key.ts";

type Provider = Pick<StoredUpstream, "row" | "upstream" | "sealedSecret" | "changedAtMs">;

export interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Seconds since the person last proved there who they are; undefined: as long as they are signed in. */
  readonly maxAge: number | undefined;
}

export interface UpstreamTokens {
  readonly person: UpstreamPerson;
  readonly amr: readonly string[];
  /** What is to be revoked when it is over: the refresh token, else the access token. Undefined: it cannot be. */
  readonly token:
    | {
        readonly kind: "refresh_token" | "access_token";
        readonly text: string;
        readonly expiresIn: number | undefined;
      }
    | undefined;
}

/** `denied`: the person said no there, or could not sign in. */
export type Redeemed =
  | { readonly kind: "person"; readonly tokens: UpstreamTokens }
  | { readonly kind: "denied" }
  | { readonly kind: "failed"; readonly why: string };

export type RevokedThere =
  | { readonly kind: "revoked" }
  | { readonly kind: "no-endpoint" }
  | { readonly kind: "failed"; readonly why: string; readonly isHopeless: boolean };

export interface Providers {
  /** @throws Error that says why the provider's metadata cannot be had */
  metadata(provider: Provider): Promise<{ readonly revocationEndpoint: string | undefined }>;
  /** @throws Error as `metadata` */
  authorizationUrl(provider: Provider, redirectUri: string, checks: Checks): Promise<string>;
  redeem(
    provider: Provider,
    callback: { readonly redirectUri: string; readonly parameters: ReadonlyMap<string, string> },
    checks: Checks,
  ): Promise<Redeemed>;
  revoke(
    provider: Provider,
    token: { readonly kind: "refresh_token" | "access_token"; readonly text: string },
  ): Promise<RevokedThere>;
}

interface ProviderParts {
  readonly seal: Seal;
  readonly allowPrivate: boolean;
  readonly now: () => number;
}

/** Milliseconds for which a provider's metadata are remembered, and for one exchange with it. */
const rememberedMs = 600_000;
const timeoutMs = 10_000;
const mostBytes = 512 * 1024;
/** OpenID Connect Core section 2. */
const longestSub = 255;

/** The purpose under which a provider's client secret is sealed. */
export function clientSecretPurpose(row: StoredUpstream["row"]): string {
  return `upstream/${row}`;
}

export function providers(parts: ProviderParts): Providers {
  const known = new Map<string, { readonly atMs: number; readonly configuration: Promise<Configuration> }>();
  const configurationOf = (provider: Provider, options: { readonly isFresh: boolean }) => {
    const key = `${provider.row} ${provider.changedAtMs}`;
    const held = known.get(key);
    if (!options.isFresh && held !== undefined && parts.now() - held.atMs < rememberedMs)
      return held.configuration;
    const configuration = discovered(provider, parts);
    known.set(key, { atMs: parts.now(), configuration });
    configuration.catch(() => known.delete(key));
    return configuration;
  };
  return {
    async metadata(provider) {
      const found = (await configurationOf(provider, { isFresh: true })).serverMetadata();
      return { revocationEndpoint: found.revocation_endpoint };
    },
    async authorizationUrl(provider, redirectUri, checks) {
      const library = await import("openid-client");
      const again = { prompt: "login", max_age: String(checks.maxAge) };
      const url = library.buildAuthorizationUrl(await configurationOf(provider, { isFresh: false }), {
        redirect_uri: redirectUri,
        scope: provider.upstream.scopes.join(" "),
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await library.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: "S256",
        ...(checks.maxAge === undefined ? {} : again),
      });
      return url.href;
    },
    async redeem(provider, { redirectUri, parameters }, checks) {
      const library = await import("openid-client");
      try {
        const configuration = await configurationOf(provider, { isFresh: false });
        const url = new URL(`${redirectUri}?${new URLSearchParams([...parameters])}`);
        const answer = await library.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: checks.verifier,
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          idTokenExpected: true,
          ...(checks.maxAge === undefined ? {} : { maxAge: checks.maxAge }),
        });
        const claims = answer.claims();
        if (claims === undefined) return { kind: "failed", why: "there is no ID token" };
        if (claims.sub.length > longestSub || !isPrintable(claims.sub))
          return { kind: "failed", why: "the sub is too long, or has characters that nobody sees" };
        const { userinfo_endpoint, revocation_endpoint } = configuration.serverMetadata();
        const more =
          userinfo_endpoint === undefined || isTold(claims, provider.upstream.scopes)
            ? {}
            : await library.fetchUserInfo(configuration, answer.access_token, claims.sub);
        const token = revocation_endpoint === undefined ? undefined : tokenIn(answer);
        const person = personIn(claims, more, claims.sub);
        return { kind: "person", tokens: { person, amr: wordsIn(claims.amr), token } };
      } catch (error) {
        if (error instanceof library.AuthorizationResponseError) return { kind: "denied" };
        return { kind: "failed", why: reasonOf(error) };
      }
    },
    async revoke(provider, { kind, text }) {
      const library = await import("openid-client");
      try {
        const configuration = await configurationOf(provider, { isFresh: false });
        if (configuration.serverMetadata().revocation_endpoint === undefined) return { kind: "no-endpoint" };
        await library.tokenRevocation(configuration, text, { token_type_hint: kind });
        return { kind: "revoked" };
      } catch (error) {
        const isHopeless =
          error instanceof library.ResponseBodyError && error.error === "unsupported_token_type";
        return { kind: "failed", why: reasonOf(error), isHopeless };
      }
    },
  };
}

async function discovered(provider: Provider, parts: ProviderParts): Promise<Configuration> {
  const { discovery, allowInsecureRequests, enableNonRepudiationChecks, customFetch, ...methods } =
    await import("openid-client");
  const { issuer, clientId } = provider.upstream;
  const secret = secretOf(provider, parts.seal);
  const configuration = await discovery(
    new URL(issuer),
    clientId,
    { client_id: clientId },
    secret === undefined
      ? methods.None()
      : (server, client, body, headers) => {
          const supported = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
          const byBasic =
            supported.includes("client_secret_basic") || !supported.includes("client_secret_post");
          const authenticate = byBasic ? methods.ClientSecretBasic(secret) : methods.ClientSecretPost(secret);
          authenticate(server, client, body, headers);
        },
    {
      [customFetch]: fetchFor(parts),
      timeout: timeoutMs / 1000,
      execute: parts.allowPrivate
        ? [allowInsecureRequests, enableNonRepudiationChecks]
        : [enableNonRepudiationChecks],
    },
  );
  return configuration;
}

function secretOf({ row, sealedSecret }: Provider, seal: Seal): string | undefined {
  if (sealedSecret === undefined) return undefined;
  return Buffer.from(seal.open(clientSecretPurpose(row), sealedSecret)).toString();
}

/** No redirects, no private addresses, bounded: http/outside-fetch.ts. */
function fetchFor({ allowPrivate }: ProviderParts): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const sent = body === undefined || body === null ? undefined : String(body);
    const options = { timeoutMs, mostBytes, allowPrivate, signal };
    const answer = await exchangeOutside(url, { method, headers, body: sent }, options);
    const isEmpty = answer.body.length === 0 || answer.status === 204 || answer.status === 304;
    return new Response(isEmpty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers,
    });
  };
}

/** Providers put what the scopes release into the ID token, or behind userinfo (OpenID Connect Core section 5.4). */
function isTold(claims: Readonly<Record<string, unknown>>, scopes: readonly string[]): boolean {
  const hasName = claims.preferred_username !== undefined || claims.name !== undefined;
  return (
    (!scopes.includes("email") || claims.email !== undefined) && (!scopes.includes("profile") || hasName)
  );
}

function personIn(
  claims: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>>,
  sub: string,
): UpstreamPerson {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value.length <= 255 && isPrintable(value) ? value : undefined;
  // What is said to be verified is the address beside it, and no other one.
  const told = claims.email === undefined ? more : claims;
  const email = text(told.email);
  const isAddress =
    email !== undefined && /^[^\p{C}\p{Z}@]+@[^\p{C}\p{Z}@]+$/u.test(email) && email.length <= 254;
  return {
    sub,
    email: isAddress ? email.normalize("NFC") : undefined,
    emailVerified: isAddress && told.email_verified === true,
    name: text(claims.name ?? more.name),
    username: text(claims.preferred_username ?? more.preferred_username),
  };
}

/** What administrators may not type into a name either: characters that steer a terminal or turn a line around. */
function isPrintable(text: string): boolean {
  return /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u.test(text);
}

function tokenIn(answer: {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  readonly expires_in?: number | undefined;
}): UpstreamTokens["token"] {
  const { access_token, refresh_token, expires_in } = answer;
  if (refresh_token !== undefined)
    return { kind: "refresh_token", text: refresh_token, expiresIn: undefined };
  return { kind: "access_token", text: access_token, expiresIn: expires_in };
}

function wordsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

/** Why an exchange failed, without anything of a token; of an answer that made no sense its status. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const { cause } = error;
  if (cause instanceof Response) return `the provider answered with status ${cause.status}`;
  if ("error" in error && typeof error.error === "string" && "status" in error)
    return `the provider answered with status ${error.status}, ${error.error.slice(0, 100)}`;
  const deepest = cause instanceof Error ? cause : error;
  if (deepest.name === "AbortError" || deepest.name === "TimeoutError")
    return `no answer within ${timeoutMs / 1000} seconds`;
  if ("code" in deepest && typeof deepest.code === "string" && /^E[A-Z]+$/.test(deepest.code))
    return `no connection: ${deepest.code}`;
  return deepest.message.slice(0, 200);
}
