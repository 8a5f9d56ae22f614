// What is known of a person in access tokens, as the client is configured: CONTRACT.md section 4. Current at each
// issuing, bounded, and the same in JWT, introspection and userinfo.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { User } from "@rescind/core";
import { decodeJwt } from "jose";
import { peopleOf, pkce, redirectUri } from "../people.ts";
import { type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const custom_claims = {
  email: { user_field: "email" },
  groups: { user_field: "groups" },
  upn: { user_field: "upn" },
  tier: { user_field: "tier" },
  tenant: "a",
};
const facts = { email: "mara@example.com", groups: ["a", "b"], claims: { tier: { level: 3 } } };
const client = await people.client({ custom_claims });

function person(username: string, more: Partial<User> = {}): Promise<User> {
  return people.addUser({ username, ...facts, ...more });
}

function named(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(custom_claims).map((name) => [name, claims[name]]));
}

function refresh(by: RegisteredClient, refreshToken: unknown) {
  const form = { grant_type: "refresh_token", refresh_token: String(refreshToken) };
  return server.form("/oauth2/token", form, by);
}

test("configured fields of the person stand in the JWT, in introspection and at userinfo", async () => {
  const user = await person("mara");
  const { access_token } = await people.tokens(client, await people.signIn(user));
  const expected = { ...facts.claims, email: facts.email, groups: facts.groups, upn: "mara", tenant: "a" };
  assert.deepEqual(named(decodeJwt(String(access_token))), expected);
  assert.deepEqual(named(await server.introspect(String(access_token))), expected);
  const headers = { authorization: `Bearer ${access_token}` };
  assert.deepEqual(named((await server.request("/oauth2/userinfo", { headers })).json), expected);
});

test("an opaque token's claims stand in introspection", async () => {
  const by = await people.client({ custom_claims, access_token_format: "opaque" });
  const { access_token } = await people.tokens(by, await people.signIn(await person("otto")));
  assert.equal((await server.introspect(String(access_token))).upn, "otto");
});

test("a refresh takes what is known now, also of a person whose grant was opened without a browser", async () => {
  const user = await person("nele");
  const signedIn = await people.tokens(client, await people.signIn(user));
  const opened = await server.openGrant(client, user.subject);
  assert.equal(decodeJwt(String(opened.access_token)).email, facts.email);
  await people.store.changeUser({ ...user, email: undefined, groups: ["c"] }, [], Date.now());
  for (const tokens of [signedIn, opened]) {
    const { json } = await refresh(client, tokens.refresh_token);
    const claims = decodeJwt(String(json.access_token));
    assert.deepEqual([claims.groups, claims.upn], [["c"], "nele"]);
    assert.ok(!("email" in claims));
  }
});

test("without a person only what is the same for everybody goes into the token", async () => {
  const by = await server.registerClient({ custom_claims });
  const claims = decodeJwt(await server.clientToken(by));
  assert.equal(claims.tenant, "a");
  const opened = await server.openGrant(by, "usr_unknown");
  for (const issued of [claims, decodeJwt(String(opened.access_token))])
    for (const name of ["email", "groups", "upn", "tier"]) assert.ok(!(name in issued), name);
});

test("claims over 4 KiB are refused with the cap named, and spend neither code nor refresh token", async () => {
  const user = await person("olga");
  const tokens = await people.tokens(client, await people.signIn(user));
  const code = await people.code(client, await people.signIn(user));
  await people.store.changeUser({ ...user, claims: { tier: "x".repeat(4096) } }, [], Date.now());
  for (const answer of [await people.redeem(client, code), await refresh(client, tokens.refresh_token)]) {
    assert.equal(answer.status, 400);
    assert.equal(answer.json.error, "invalid_request");
    assert.match(String(answer.json.error_description), /4096 bytes/);
  }
  const request = new URLSearchParams({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: redirectUri,
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
  });
  const { cookie } = await people.signIn(user);
  const asked = await server.request(`/oauth2/authorize?${request}`, {
    headers: { cookie: `rescind_session=${cookie}` },
  });
  const sentBack = new URL(asked.headers.get("location") ?? "", server.issuer).searchParams;
  assert.equal(sentBack.get("error"), "invalid_request");
  assert.match(sentBack.get("error_description") ?? "", /4096 bytes/);
  const opened = { client_id: client.client_id, subject: user.subject };
  const refused = await server.admin("POST", "/admin/v1/grants", opened);
  assert.equal(refused.status, 400);
  assert.match(refused.text, /4096 bytes/);
  await people.store.changeUser(user, [], Date.now());
  assert.equal((await people.redeem(client, code)).status, 200);
  assert.equal((await refresh(client, tokens.refresh_token)).status, 200);
});
