// `openid-client`, a certified client that nobody here wrote, against the whole life of a token.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as client from "openid-client";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const execute = [client.allowInsecureRequests]; // the test server is http on loopback

for (const algorithm of ["oidc", "oauth2"] as const) {
  test(`openid-client finds everything through ${algorithm} discovery`, async () => {
    const registered = await server.registerClient();
    const config = await client.discovery(
      new URL(server.issuer),
      registered.client_id,
      registered.client_secret,
      undefined,
      { execute, algorithm },
    );
    assert.equal(config.serverMetadata().issuer, server.issuer);
    const { access_token } = await client.clientCredentialsGrant(config, { scope: "read" });
    assert.equal((await client.tokenIntrospection(config, access_token)).active, true);
    await client.tokenRevocation(config, access_token);
    assert.deepEqual(await client.tokenIntrospection(config, access_token), { active: false });
  });
}

for (const [name, authentication] of Object.entries({
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
})) {
  test(`openid-client refreshes and revokes a grant with ${name}`, async () => {
    const registered = await server.registerClient({ token_endpoint_auth_method: name });
    const method = authentication(registered.client_secret);
    const options = { execute };
    const config = await client.discovery(new URL(server.issuer), registered.client_id, {}, method, options);
    const opened = await server.openGrant(registered);
    const refreshed = await client.refreshTokenGrant(config, String(opened.refresh_token));
    const successor = String(refreshed.refresh_token);
    assert.notEqual(successor, opened.refresh_token);
    const seen = await client.tokenIntrospection(config, refreshed.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.sub, "usr_alice");
    await client.tokenRevocation(config, successor, { token_type_hint: "refresh_token" });
    for (const token of [refreshed.access_token, String(opened.access_token), successor])
      assert.deepEqual(await client.tokenIntrospection(config, token), { active: false });
    await assert.rejects(client.refreshTokenGrant(config, successor), { error: "invalid_grant" });
  });
}

test("openid-client authenticates by private_key_jwt", async () => {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const publicJwk = { ...(await crypto.subtle.exportKey("jwk", keys.publicKey)), kid: "one", alg: "ES256" };
  const { client_id } = await server.registerClient({
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [publicJwk] },
  });
  const method = client.PrivateKeyJwt({ key: keys.privateKey, kid: "one" });
  const config = await client.discovery(new URL(server.issuer), client_id, {}, method, { execute });
  const { access_token } = await client.clientCredentialsGrant(config);
  assert.equal((await client.tokenIntrospection(config, access_token)).active, true);
  await client.tokenRevocation(config, access_token);
  assert.deepEqual(await client.tokenIntrospection(config, access_token), { active: false });
});

test("openid-client as a public client refreshes and revokes, and may not introspect", async () => {
  const { client_id } = await server.registerClient({
    token_endpoint_auth_method: "none",
    grant_types: ["refresh_token"],
  });
  const config = await client.discovery(new URL(server.issuer), client_id, {}, client.None(), { execute });
  const opened = await server.openGrant({ client_id });
  const refreshed = await client.refreshTokenGrant(config, String(opened.refresh_token));
  assert.equal((await server.introspect(refreshed.access_token)).active, true);
  await assert.rejects(client.tokenIntrospection(config, refreshed.access_token));
  await client.tokenRevocation(config, String(refreshed.refresh_token));
  assert.deepEqual(await server.introspect(refreshed.access_token), { active: false });
});

test("openid-client reads the error of a wrong secret", async () => {
  const { client_id } = await server.registerClient();
  const method = client.ClientSecretBasic("rcs_wrong");
  const config = await client.discovery(new URL(server.issuer), client_id, {}, method, { execute });
  await assert.rejects(client.clientCredentialsGrant(config), (error: unknown) => {
    assert.ok(
      error instanceof client.WWWAuthenticateChallengeError || error instanceof client.ResponseBodyError,
    );
    assert.equal(error.status, 401);
    return true;
  });
});
