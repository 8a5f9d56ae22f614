// `openid-client` through the code flow: pushed or plain requests, public or confidential, from login to logout.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as client from "openid-client";
import { everything, startWithAlice } from "./alice.ts";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

const redirectUri = "https://app.example/callback";
const goodbye = "https://app.example/goodbye";
const execute = [client.allowInsecureRequests]; // the test server is http on loopback

async function discovered(more: Record<string, unknown> = {}): Promise<client.Configuration> {
  const registered = await party.client(redirectUri, { post_logout_redirect_uris: [goodbye], ...more });
  const method =
    more.token_endpoint_auth_method === "none"
      ? client.None()
      : client.ClientSecretBasic(registered.client_secret);
  return client.discovery(new URL(server.issuer), registered.client_id, {}, method, { execute });
}

interface Checks {
  readonly pkceCodeVerifier: string;
  readonly expectedState: string;
  readonly expectedNonce: string;
  readonly idTokenExpected: true;
}

async function request(more: Record<string, string> = {}): Promise<[Record<string, string>, Checks]> {
  const checks: Checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: redirectUri,
    scope: everything,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    ...more,
  };
  return [parameters, checks];
}

for (const [name, build] of [
  ["a pushed request", client.buildAuthorizationUrlWithPAR],
  ["a plain request", client.buildAuthorizationUrl],
] as const) {
  for (const method of ["client_secret_basic", "none"]) {
    test(`openid-client logs in by ${name}, refreshes, revokes and logs out as ${method}`, async () => {
      const config = await discovered({ token_endpoint_auth_method: method });
      const person = party.browser();
      const [parameters, checks] = await request();
      const landed = await person.signIn(await build(config, parameters), alice);
      assert.ok(landed.url.href.startsWith(`${redirectUri}?`), landed.text);
      const tokens = await client.authorizationCodeGrant(config, landed.url, checks);
      assert.equal(tokens.claims()?.sub, alice.sub);
      const claims = await client.fetchUserInfo(config, tokens.access_token, alice.sub);
      assert.equal(claims.email, "alice@example.com");
      assert.equal(claims.name, "Alice Liddell");

      const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
      assert.equal((await server.introspect(refreshed.access_token)).active, true);
      await client.tokenRevocation(config, String(refreshed.refresh_token));
      for (const token of [tokens.access_token, refreshed.access_token, refreshed.refresh_token])
        assert.deepEqual(await server.introspect(String(token)), { active: false });
      await assert.rejects(client.fetchUserInfo(config, refreshed.access_token, alice.sub), { status: 401 });
      await assert.rejects(client.refreshTokenGrant(config, String(refreshed.refresh_token)), {
        error: "invalid_grant",
      });

      const url = client.buildEndSessionUrl(config, {
        post_logout_redirect_uri: goodbye,
        id_token_hint: String(tokens.id_token),
        state: "bye",
      });
      assert.equal((await person.open(url)).url.href, `${goodbye}?state=bye`);
      const [again, silent] = await request({ prompt: "none" });
      const refused = await person.open(await build(config, again));
      await assert.rejects(client.authorizationCodeGrant(config, refused.url, silent), {
        error: "login_required",
      });
    });
  }
}

test("openid-client reads the refusal of a person who does not consent", async () => {
  const config = await discovered();
  const [parameters, checks] = await request();
  const landed = await party
    .browser()
    .signIn(client.buildAuthorizationUrl(config, parameters), { ...alice, consent: "deny" });
  await assert.rejects(client.authorizationCodeGrant(config, landed.url, checks), { error: "access_denied" });
});

test("AC-09 openid-client refuses an answer that names another issuer", async () => {
  const config = await discovered();
  const [parameters, checks] = await request();
  const landed = await party.browser().signIn(client.buildAuthorizationUrl(config, parameters), alice);
  assert.equal(landed.url.searchParams.get("iss"), server.issuer);
  const mixedUp = new URL(landed.url);
  mixedUp.searchParams.set("iss", "https://attacker.example");
  await assert.rejects(client.authorizationCodeGrant(config, mixedUp, checks));
  const without = new URL(landed.url);
  without.searchParams.delete("iss");
  await assert.rejects(client.authorizationCodeGrant(config, without, checks));
});

test("openid-client authenticates by private_key_jwt when it pushes a request and redeems the code", async () => {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const publicJwk = { ...(await crypto.subtle.exportKey("jwk", keys.publicKey)), kid: "one", alg: "ES256" };
  const { client_id } = await party.client(redirectUri, {
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [publicJwk] },
  });
  const method = client.PrivateKeyJwt({ key: keys.privateKey, kid: "one" });
  const config = await client.discovery(new URL(server.issuer), client_id, {}, method, { execute });
  const [parameters, checks] = await request();
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
  const landed = await party.browser().signIn(url, alice);
  const tokens = await client.authorizationCodeGrant(config, landed.url, checks);
  await client.tokenRevocation(config, tokens.access_token);
  assert.deepEqual(await server.introspect(tokens.access_token), { active: false });
});
