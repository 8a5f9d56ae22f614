// OpenID Connect Core: ID tokens as a relying party checks them, with `jose`, and what a refresh says of the same login.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose";
import { peopleOf } from "../people.ts";
import { type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const client = await people.client();
const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));

async function verified(idToken: unknown, { client_id }: RegisteredClient = client): Promise<JWTPayload> {
  const options = { issuer: server.issuer, audience: client_id, requiredClaims: ["sub", "exp", "iat"] };
  return (await jwtVerify(String(idToken), keys, options)).payload;
}

function refresh(by: RegisteredClient, refreshToken: unknown, more: Record<string, string> = {}) {
  const form = { grant_type: "refresh_token", refresh_token: String(refreshToken), ...more };
  return server.form("/oauth2/token", form, by);
}

/** Section 3.1.3.6. */
function hashOf(accessToken: unknown): string {
  return createHash("sha256").update(String(accessToken)).digest().subarray(0, 16).toString("base64url");
}

test("2: an ID token says who authenticated, when, how, in which session, and for whom; nothing else", async () => {
  const person = await people.signIn(undefined, { authenticatedAtMs: Date.now() - 100_000 });
  const tokens = await people.tokens(client, person, { nonce: "n-0S6_WzA2Mj" });
  const { iat, exp, auth_time, ...claims } = await verified(tokens.id_token);
  assert.deepEqual(claims, {
    iss: server.issuer,
    sub: person.subject,
    aud: client.client_id,
    azp: client.client_id,
    nonce: "n-0S6_WzA2Mj",
    sid: person.sessionId,
    acr: "pwd",
    amr: ["pwd"],
    at_hash: hashOf(tokens.access_token),
  });
  assert.equal(Number(exp) - Number(iat), 900);
  assert.ok(Math.abs(Date.now() / 1000 - 100 - Number(auth_time)) < 30);
  const { alg, typ, kid, ...rest } = decodeProtectedHeader(String(tokens.id_token));
  assert.deepEqual([alg, typ, typeof kid, rest], ["RS256", "JWT", "string", {}]);
});

test("2: without a nonce in the request there is none in the token", async () => {
  const { id_token } = await people.tokens(client, await people.signIn());
  assert.ok(!("nonce" in (await verified(id_token))));
});

test("a client that asks for ES256 gets it, and at_hash belongs to an opaque access token as well", async () => {
  const options = { id_token_signed_response_alg: "ES256", access_token_format: "opaque" };
  const elliptic = await people.client(options);
  const tokens = await people.tokens(elliptic, await people.signIn());
  assert.equal(decodeProtectedHeader(String(tokens.id_token)).alg, "ES256");
  assert.equal((await verified(tokens.id_token, elliptic)).at_hash, hashOf(tokens.access_token));
  const { json } = await server.request("/.well-known/openid-configuration");
  assert.deepEqual(json.id_token_signing_alg_values_supported, ["RS256", "ES256"]);
  const refused = await server.admin("PATCH", `/admin/v1/clients/${elliptic.client_id}`, {
    id_token_signed_response_alg: "none",
  });
  assert.equal(refused.status, 400);
});

test("3.1.3.3: scope openid brings an ID token, and its absence none", async () => {
  const tokens = await people.tokens(client, await people.signIn(), { scopes: ["profile", "read"] });
  assert.ok(!("id_token" in tokens));
});

test("12.2: a refresh brings an ID token of the same login without nonce, as long as openid is asked for", async () => {
  for (const scopes of [
    ["openid", "read"],
    ["openid", "read", "offline_access"],
  ]) {
    const person = await people.signIn(undefined, { authenticatedAtMs: Date.now() - 100_000 });
    const first = await people.tokens(client, person, { scopes, nonce: "n" });
    const second = await refresh(client, first.refresh_token);
    const [before, now] = [await verified(first.id_token), await verified(second.json.id_token)];
    for (const name of ["iss", "sub", "aud", "azp", "auth_time", "sid"])
      assert.deepEqual(now[name], before[name], name);
    assert.ok(!("nonce" in now));
    assert.ok(Number(now.iat) >= Number(before.iat));
    assert.equal(now.at_hash, hashOf(second.json.access_token));
    const narrowed = await refresh(client, second.json.refresh_token, { scope: "read" });
    assert.ok(!("id_token" in narrowed.json));
  }
});

test("12.2: after the person has authenticated anew in the same session auth_time and amr stay those of this login", async () => {
  const person = await people.signIn(undefined, { authenticatedAtMs: Date.now() - 100_000 });
  const first = await people.tokens(client, person);
  const row = person.sessionId.replace("ses_", "");
  const { session, digest } = await people.store.findSession(row);
  assert.ok(session !== undefined && digest !== undefined);
  const renewed = { ...session, authenticatedAtMs: Date.now(), amr: ["hwk"] };
  assert.equal(await people.store.renewSession({ rowId: row, session: renewed, digest }), true);
  const { json } = await refresh(client, first.refresh_token);
  const claims = await verified(json.id_token);
  assert.equal(claims.auth_time, (await verified(first.id_token)).auth_time);
  assert.deepEqual(claims.amr, ["pwd"], "what was used since says nothing of that login");
});

test("a grant that nobody signed in for brings no ID token, whatever its scope", async () => {
  const opened = await server.openGrant(client, "usr_nobody", { scope: "openid read" });
  assert.ok(!("id_token" in opened));
  const { status, json } = await refresh(client, opened.refresh_token);
  assert.equal(status, 200);
  assert.ok(!("id_token" in json));
});

test("an ID token is no access token: introspection, userinfo and the admin API refuse it", async () => {
  const { id_token } = await people.tokens(client, await people.signIn());
  assert.deepEqual(await server.introspect(String(id_token)), { active: false });
  const headers = { authorization: `Bearer ${id_token}` };
  for (const path of ["/oauth2/userinfo", "/admin/v1/clients"])
    assert.equal((await server.request(path, { headers })).status, 401);
});
