// The relying party of the OpenID Foundation's suite, in our words: what it sends, and what it checks of every answer
// in passing. Static registration, client_secret_basic and no PKCE, as the suite's Basic plan has it.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createLocalJWKSet, type JWTPayload, type JWTVerifyResult, jwtVerify } from "jose";
import { startWithAlice } from "../interop/alice.ts";
import type { Page, Person } from "../person.ts";
import type { Answered, RegisteredClient } from "../running-server.ts";

export const redirectUri = "https://suite.example/test/a/rescind/callback";
export const logoutUri = "https://suite.example/test/a/rescind/post_logout_redirect";

export type ResponseMode = "default" | "form_post";

/** Values replace those that every request has; undefined leaves one out. */
export type Parameters = Record<string, string | undefined>;

export interface Login {
  readonly person: Person;
  readonly code: string;
  readonly tokens: Record<string, unknown>;
  readonly idToken: JWTPayload;
  readonly header: JWTVerifyResult["protectedHeader"];
}

export interface Options {
  readonly person?: Person;
  readonly client?: RegisteredClient;
  /** The authorization request goes as a form (OpenID Connect Core section 3.1.2.1). */
  readonly post?: boolean;
  /** Added to the token request. */
  readonly token?: Record<string, string>;
}

export type RelyingParty = Awaited<ReturnType<typeof startRelyingParty>>;

/** Starts an OP and two clients; `flags` as on the command line. */
export async function startRelyingParty(mode: ResponseMode, flags: readonly string[] = []) {
  const party = await startWithAlice(flags);
  const { server, alice } = party;
  const registration = {
    require_pkce: false,
    post_logout_redirect_uris: [logoutUri],
    scope: "openid profile email groups offline_access",
  };
  const client = await party.client(redirectUri, registration);
  const secondClient = await party.client(redirectUri, registration);
  const { json: metadata } = await server.request("/.well-known/openid-configuration");

  /** The request of this plan, and the state that its answer must bring back. */
  function request(parameters: Parameters, asking: RegisteredClient = client) {
    const whole: Parameters = {
      client_id: asking.client_id,
      redirect_uri: redirectUri,
      scope: "openid",
      state: randomBytes(8).toString("base64url"),
      nonce: randomBytes(8).toString("base64url"),
      response_type: "code",
      ...(mode === "form_post" ? { response_mode: "form_post" } : {}),
      ...parameters,
    };
    const sent = Object.entries(whole).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { sent: new URLSearchParams(sent), state: whole.state, nonce: whole.nonce };
  }

  /** Sends a person there and lets them do what they are asked, or stops at the first page. */
  async function authorize(parameters: Parameters, options: Options & { readonly lookOnly?: boolean } = {}) {
    const { person = party.browser() } = options;
    const { sent, state, nonce } = request(parameters, options.client);
    const endpoint = String(metadata.authorization_endpoint);
    const page =
      options.post === true
        ? await person.open(endpoint, { method: "POST", body: sent })
        : await person.open(`${endpoint}?${sent}`);
    const landed = options.lookOnly === true ? page : await person.carryOn(page, alice);
    return { person, landed, first: page, state, nonce };
  }

  /** What arrived at the redirect URI, checked for place, form, issuer and state. */
  function answerAt(landed: Page, state: string | undefined): Record<string, string> {
    assert.equal(landed.url.origin + landed.url.pathname, redirectUri, shown(landed));
    const isPosted = mode === "form_post";
    if (isPosted) assert.equal(landed.url.search, "", "nothing of a form_post answer stands in the URL");
    const answer = [...landed.sent];
    assert.equal(new Set(answer.map(([name]) => name)).size, answer.length, "no parameter comes twice");
    const members = Object.fromEntries(answer);
    assert.equal(members.iss, server.issuer);
    assert.equal(members.state, state);
    return members;
  }

  /** The error that the person was sent back with; its form is that of RFC 6749 section 4.1.2.1. */
  function errorAt(landed: Page, state: string | undefined): string {
    const answer = answerAt(landed, state);
    assert.equal(answer.code, undefined);
    for (const name of Object.keys(answer))
      assert.ok(["error", "error_description", "error_uri", "state", "iss"].includes(name), name);
    assert.match(answer.error_description ?? "", /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
    return String(answer.error);
  }

  async function login(parameters: Parameters = {}, options: Options = {}): Promise<Login> {
    const { person, landed, state, nonce } = await authorize(parameters, options);
    const { code, ...rest } = answerAt(landed, state);
    assert.ok(code !== undefined, JSON.stringify(rest));
    const asking = options.client ?? client;
    const { status, json, headers, text } = await redeem(code, options.token, asking);
    assert.equal(status, 200, text);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(String(json.token_type).toLowerCase(), "bearer");
    assert.ok(Number(json.expires_in) > 0);
    const { payload, protectedHeader } = await verified(String(json.id_token), asking);
    assert.equal(payload.nonce, nonce);
    assert.equal(payload.sub, alice.sub);
    assert.equal(payload.at_hash, halfHash(String(json.access_token)));
    return { person, code, tokens: json, idToken: payload, header: protectedHeader };
  }

  function redeem(code: string, more: Record<string, string> = {}, asking: RegisteredClient = client) {
    const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, ...more };
    return server.form("/oauth2/token", form, asking);
  }

  async function verified(idToken: string, asking: RegisteredClient = client): Promise<JWTVerifyResult> {
    const { json } = await server.request("/oauth2/jwks");
    const keys = createLocalJWKSet({ keys: json.keys as [] }); // checked by its use
    const requiredClaims = ["iss", "sub", "aud", "exp", "iat"];
    return jwtVerify(idToken, keys, { issuer: server.issuer, audience: asking.client_id, requiredClaims });
  }

  async function userinfo(accessToken: unknown, init: RequestInit = {}): Promise<Answered> {
    const headers = { authorization: `Bearer ${accessToken}` };
    return server.request("/oauth2/userinfo", { headers, ...init });
  }

  return {
    ...{ server, alice, client, secondClient, metadata, mode },
    ...{ request, authorize, answerAt, errorAt, login, redeem, verified, userinfo },
    browser: party.browser,
    close: () => server.close(),
  };
}

/** OpenID Connect Core section 3.1.3.6, for RS256. */
function halfHash(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}

/** Whether a page asks for the password. */
export function asksToSignIn(page: Page): boolean {
  return page.status === 200 && page.forms.some(({ names }) => names.includes("password"));
}

/** A page for the person instead of a redirect: nobody else got anything. */
export function assertErrorPage(page: Page): void {
  assert.equal(page.status, 400, shown(page));
  assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
}

/** Where somebody is and what they read there, for messages. */
export function shown({ url, status, text }: Page): string {
  const main = /<main>([\s\S]*)<\/main>/.exec(text)?.[1] ?? text;
  return `${url} ${status}\n${main.replaceAll(/<[^>]*>/g, " ")}`;
}
