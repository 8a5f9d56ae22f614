// Every path of the server but the admin API's, whose table is @rescind/admin-api's `routes`. The class of a route
// decides body, errors, caching and who may call it.

import type { EndpointScope } from "@rescind/core";
import type { TSchema } from "typebox";
import type { Dependencies } from "../dependencies.ts";
import { ackBody, acknowledge } from "../endpoints/acks.ts";
import { authorize } from "../endpoints/authorize.ts";
import { authorizeDevice } from "../endpoints/device-authorization.ts";
import { type FeedQuery, feedPage, feedSettings } from "../endpoints/feed.ts";
import { feedSnapshot } from "../endpoints/feed-snapshot.ts";
import { globalRevocationBody, revokeGlobally } from "../endpoints/global-token-revocation.ts";
import { nameGrant, queryGrant, revokeGrant } from "../endpoints/grants.ts";
import { healthz, metricsText, readyz } from "../endpoints/health.ts";
import { introspect } from "../endpoints/introspect.ts";
import { logout } from "../endpoints/logout.ts";
import { feedJwks, jwks, metadata } from "../endpoints/metadata.ts";
import { pushRequest } from "../endpoints/par.ts";
import { revoke } from "../endpoints/revoke.ts";
import { revokeByScript } from "../endpoints/revoke-by-script.ts";
import { token } from "../endpoints/token.ts";
import { logo } from "../pages/logo.ts";
import { passkeyScript, passkeyScriptPath } from "../pages/passkey-script.ts";
import { consent, showConsent } from "../sign-in/consent.ts";
import { enterCode, showDevice } from "../sign-in/device.ts";
import { login, showLogin } from "../sign-in/login.ts";
import { signInByPasskey } from "../sign-in/passkey.ts";
import { secondFactor, showSecondFactor } from "../sign-in/second-factor.ts";
import { selectAccount, showAccounts } from "../sign-in/select-account.ts";
import { setup, showSetup } from "../sign-in/setup.ts";
import type { Bearer } from "../tokens/bearer.ts";
import { beginUpstream } from "../upstream/begin.ts";
import { upstreamCallback } from "../upstream/callback.ts";
import { beginLink } from "../upstream/link.ts";
import type { Answer, FormRequest, PageRequest } from "./answer.ts";

type Deps = Dependencies;

/** Form-encoded, OAuth errors, CORS per client. */
export interface FormRoute {
  readonly path: string;
  readonly handle: (request: FormRequest, deps: Deps) => Promise<Answer>;
  /** Answers a GET with `callback` by a script (JSONP), for the clients that may. */
  readonly byScript?: (request: FormRequest, deps: Deps) => Promise<Answer | undefined>;
  readonly summary: string;
}

const revocation = "Revoke a token (RFC 7009)";

export const formRoutes: readonly FormRoute[] = [
  { path: "/oauth2/par", handle: pushRequest, summary: "Push an authorization request (RFC 9126)" },
  {
    path: "/oauth2/device_authorization",
    handle: authorizeDevice,
    summary: "Ask for a device code (RFC 8628)",
  },
  { path: "/oauth2/token", handle: token, summary: "Issue tokens (RFC 6749)" },
  { path: "/oauth2/revoke", handle: revoke, byScript: revokeByScript, summary: revocation },
  { path: "/oauth2/token/revoke", handle: revoke, byScript: revokeByScript, summary: revocation },
  { path: "/oauth2/introspect", handle: introspect, summary: "Introspect a token (RFC 7662)" },
];

/**
 * Without credentials. `rooted`: at the server's root too, whatever the issuer's path. `openToAll`: for the scripts of
 * every origin.
 */
export interface PublicRoute {
  readonly path: string;
  readonly handle: (deps: Deps) => Answer | Promise<Answer>;
  readonly summary: string;
  readonly rooted?: boolean;
  readonly openToAll?: boolean;
}

const openToAll = true;

export const publicRoutes: readonly PublicRoute[] = [
  {
    path: "/.well-known/openid-configuration",
    handle: metadata,
    summary: "OpenID Connect discovery",
    openToAll,
  },
  {
    path: "/.well-known/oauth-authorization-server",
    handle: metadata,
    summary: "RFC 8414 metadata",
    openToAll,
  },
  { path: "/oauth2/jwks", handle: jwks, summary: "Public keys (RFC 7517)", openToAll },
  { path: "/revocations/jwks", handle: feedJwks, summary: "Public keys of the feed", openToAll },
  { path: passkeyScriptPath, handle: passkeyScript, summary: "The script of the sign-in pages" },
  { path: "/brand/logo", handle: logo, summary: "The operator's logo" },
  { path: "/healthz", handle: healthz, summary: "The process runs", rooted: true },
  { path: "/readyz", handle: readyz, summary: "The store can be read and written", rooted: true },
];

export type PageHandler = (request: PageRequest, deps: Deps) => Promise<Answer>;

/** HTML for a browser; forms are taken from our own pages only. */
export interface PageRoute {
  readonly path: string;
  readonly get?: PageHandler;
  readonly post?: PageHandler;
  /** Other sites' pages may send their forms here: what they ask is asked again, or changes nothing. */
  readonly openToOtherSites?: boolean;
  readonly summary: string;
}

export const pageRoutes: readonly PageRoute[] = [
  {
    path: "/oauth2/authorize",
    get: authorize,
    post: authorize,
    openToOtherSites: true,
    summary: "Ask for a code",
  },
  { path: "/oauth2/logout", get: logout, post: logout, openToOtherSites: true, summary: "Sign out" },
  { path: "/login", get: showLogin, post: login, summary: "Sign in" },
  { path: "/login/passkey", post: signInByPasskey, summary: "Sign in by a passkey (WebAuthn)" },
  {
    path: "/login/second-factor",
    get: showSecondFactor,
    post: secondFactor,
    summary: "The second step of signing in",
  },
  { path: "/login/upstream", post: beginUpstream, summary: "Sign in through another provider" },
  {
    path: "/login/upstream/:upstream_id/callback",
    get: upstreamCallback,
    summary: "Back from another provider",
  },
  { path: "/login/upstream/link", get: beginLink, summary: "Link an identity at another provider" },
  { path: "/select-account", get: showAccounts, post: selectAccount, summary: "Choose an account" },
  { path: "/consent", get: showConsent, post: consent, summary: "Allow or deny" },
  { path: "/device", get: showDevice, post: enterCode, summary: "Enter the code of a device (RFC 8628)" },
  { path: "/setup", get: showSetup, post: setup, summary: "Set a password by a one-time link" },
];

/** With a Bearer token of this issuer; problem+json. */
export interface BearerRoute {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** One of them is enough. */
  readonly scopes: readonly EndpointScope[];
  readonly body?: TSchema;
  readonly query?: readonly string[];
  /** Loopback callers need no token. */
  readonly openToLoopback?: boolean;
  /** Also text/event-stream. */
  readonly streams?: boolean;
  /** Browser apps call it: CORS for the client of the token. */
  readonly openToApps?: boolean;
  readonly handle: (request: BearerRequest, deps: Deps) => Answer | Promise<Answer>;
  readonly summary: string;
}

export interface BearerRequest {
  /** Of the path, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: FeedQuery;
  /** As the route's schema has let it pass. */
  readonly body: unknown;
  /** Absent only where a loopback caller needs no token. */
  readonly caller: Bearer | undefined;
  /** As they came, where they came. */
  readonly ifNoneMatch?: string | undefined;
  readonly acceptEncoding?: string | undefined;
}

export const bearerRoutes: readonly BearerRoute[] = [
  {
    method: "GET",
    path: "/revocations",
    scopes: ["rescind:feed"],
    query: ["after", "limit"],
    streams: true,
    handle: ({ query }, deps) => feedPage(query, deps),
    summary: "The revocation log: JSON pages, or text/event-stream",
  },
  {
    method: "GET",
    path: "/admin/v1/feed",
    scopes: ["rescind:read"],
    query: ["after", "limit"],
    streams: true,
    handle: ({ query }, deps) => feedPage(query, deps),
    summary: "The same log for who administers, so that pages hear of what is appended",
  },
  {
    method: "GET",
    path: "/revocations/settings",
    scopes: ["rescind:feed"],
    handle: (_request, deps) => feedSettings(deps),
    summary: "What a verifier must know of the feed",
  },
  {
    method: "GET",
    path: "/revocations/snapshot",
    scopes: ["rescind:feed"],
    handle: feedSnapshot,
    summary: "What stands at one position, binary: where a verifier begins",
  },
  {
    method: "POST",
    path: "/revocations/acks",
    scopes: ["rescind:feed"],
    body: ackBody,
    handle: acknowledge,
    summary: "Acknowledge a position and get a lease",
  },
  {
    method: "POST",
    path: "/global-token-revocation",
    scopes: ["rescind:revoke"],
    body: globalRevocationBody,
    handle: revokeGlobally,
    summary: "End every session and token of a person (draft-parecki-oauth-global-token-revocation)",
  },
  {
    method: "GET",
    path: "/grants",
    scopes: ["grant_management_query", "rescind:read"],
    openToApps: true,
    handle: nameGrant,
    summary: "The endpoint that metadata names; grants are below it",
  },
  {
    method: "GET",
    path: "/grants/:grant_id",
    scopes: ["grant_management_query", "rescind:read"],
    openToApps: true,
    handle: queryGrant,
    summary: "What a grant allows (Grant Management for OAuth 2.0)",
  },
  {
    method: "DELETE",
    path: "/grants/:grant_id",
    scopes: ["grant_management_revoke", "rescind:revoke"],
    openToApps: true,
    handle: revokeGrant,
    summary: "End a grant and every token of it (Grant Management for OAuth 2.0)",
  },
  {
    method: "GET",
    path: "/metrics",
    scopes: ["rescind:read"],
    openToLoopback: true,
    handle: (_request, deps) => metricsText(deps),
    summary: "Prometheus metrics",
  },
];
