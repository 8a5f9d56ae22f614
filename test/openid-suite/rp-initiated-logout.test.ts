// oidcc-rp-initiated-logout-certification-test-plan: each module logs in, goes to the end_session_endpoint, and looks
// at prompt=none whether the person is still signed in.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { SignJWT } from "jose";
import type { Page } from "../person.ts";
import {
  assertErrorPage,
  type Login,
  logoutUri,
  redirectUri,
  shown,
  startRelyingParty,
} from "./relying-party.ts";

const party = await startRelyingParty("default");
after(() => party.close());

interface Logout {
  readonly login: Login;
  readonly page: Page;
  readonly state: string;
}

/** Logs in and goes to the end of the session; values replace or, where undefined, leave out parameters. */
async function logOut(change: (login: Login) => Record<string, string | undefined>): Promise<Logout> {
  const login = await party.login();
  const state = randomBytes(64).toString("base64url");
  const parameters = {
    id_token_hint: String(login.tokens.id_token),
    post_logout_redirect_uri: logoutUri,
    state,
    ...change(login),
  };
  const sent = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const url = `${party.metadata.end_session_endpoint}?${new URLSearchParams(sent)}`;
  return { login, page: await login.person.open(url), state };
}

async function assertSignedOut({ person, tokens }: Login): Promise<void> {
  const { landed, state } = await party.authorize({ prompt: "none" }, { person });
  assert.equal(party.errorAt(landed, state), "login_required");
  assert.deepEqual(await party.server.introspect(String(tokens.access_token)), { active: false });
}

async function assertSignedIn({ person, tokens }: Login): Promise<void> {
  const { landed, state } = await party.authorize({ prompt: "none" }, { person });
  assert.ok(party.answerAt(landed, state).code);
  assert.equal((await party.server.introspect(String(tokens.access_token))).active, true);
}

/** Nobody was sent anywhere, and nothing was ended. */
async function assertRefused({ login, page }: Logout): Promise<void> {
  assertErrorPage(page);
  await assertSignedIn(login);
}

/** The person was asked; yes ends the session, and only then. */
async function assertAsked({ login, page }: Logout): Promise<Page> {
  assert.equal(page.status, 200, shown(page));
  assert.ok(
    page.forms.some(({ names }) => names.includes("answer")),
    shown(page),
  );
  await assertSignedIn(login);
  const goodbye = await login.person.submit(page, { answer: "sign-out" });
  await assertSignedOut(login);
  return goodbye;
}

test("oidcc-rp-initiated-logout-discovery-endpoint-verification: the endpoint is listed", () => {
  assert.equal(party.metadata.end_session_endpoint, `${party.server.issuer}/oauth2/logout`);
});

test("oidcc-rp-initiated-logout: back to the client with the state, and signed out", async () => {
  const { login, page, state } = await logOut(() => ({}));
  assert.equal(page.url.href, `${logoutUri}?state=${state}`);
  await assertSignedOut(login);
});

test("oidcc-rp-initiated-logout-no-state: back to the client with nothing added", async () => {
  const { login, page } = await logOut(() => ({ state: undefined }));
  assert.equal(page.url.href, logoutUri);
  await assertSignedOut(login);
});

for (const [module, uri] of [
  [
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    `${redirectUri.replace("callback", "bad_post_logout_redirect_uri")}`,
  ],
  ["oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", `${logoutUri}?foo=bar`],
] as const) {
  test(`${module}: an error page, and still signed in`, async () => {
    await assertRefused(await logOut(() => ({ post_logout_redirect_uri: uri })));
  });
}

test("oidcc-rp-initiated-logout-modified-id-token-hint: alg none proves nothing", async () => {
  const logout = await logOut(({ tokens }) => {
    const [, payload] = String(tokens.id_token).split(".");
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    return { id_token_hint: `${header}.${payload}.` };
  });
  await assertRefused(logout);
});

test("oidcc-rp-initiated-logout-bad-id-token-hint: nor does a token that the client signed", async () => {
  const key = new TextEncoder().encode(party.client.client_secret);
  const hint = await new SignJWT({ sub: party.alice.sub })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(party.server.issuer)
    .setAudience(party.client.client_id)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
  await assertRefused(await logOut(() => ({ id_token_hint: hint })));
});

test("oidcc-rp-initiated-logout-no-id-token-hint: without a hint nobody is sent back", async () => {
  await assertRefused(await logOut(() => ({ id_token_hint: undefined })));
});

test("oidcc-rp-initiated-logout-no-post-logout-redirect-uri: signed out, on a page of ours", async () => {
  const { login, page } = await logOut(() => ({ post_logout_redirect_uri: undefined }));
  assert.equal(page.status, 200, shown(page));
  assert.equal(page.url.origin, party.server.issuer);
  await assertSignedOut(login);
});

for (const [module, parameters] of [
  [
    "oidcc-rp-initiated-logout-no-params",
    { id_token_hint: undefined, post_logout_redirect_uri: undefined, state: undefined },
  ],
  ["oidcc-rp-initiated-logout-only-state", { id_token_hint: undefined, post_logout_redirect_uri: undefined }],
] as const) {
  test(`${module}: the person is asked, and signed out after yes`, async () => {
    const goodbye = await assertAsked(await logOut(() => parameters));
    assert.equal(goodbye.status, 200, shown(goodbye));
    assert.equal(goodbye.url.origin, party.server.issuer);
  });
}
