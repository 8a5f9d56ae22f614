// `@badgateway/oauth2-client`, a small client for browsers and Node, with discovery by RFC 8414.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { OAuth2Client } from "@badgateway/oauth2-client";
import { type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const methods = ["client_secret_basic", "client_secret_post", "client_secret_basic_interop"] as const;

function connect(registered: RegisteredClient, authenticationMethod: (typeof methods)[number]): OAuth2Client {
  return new OAuth2Client({
    server: server.issuer,
    clientId: registered.client_id,
    clientSecret: registered.client_secret,
    authenticationMethod,
  });
}

for (const method of methods) {
  test(`@badgateway/oauth2-client finds, gets, introspects and revokes with ${method}`, async () => {
    const client = connect(await server.registerClient(), method);
    assert.equal(await client.getEndpoint("revocationEndpoint"), `${server.issuer}/oauth2/revoke`);
    const token = await client.clientCredentials({ scope: ["read"] });
    assert.equal((await client.introspect(token)).active, true);
    await client.revoke(token);
    assert.deepEqual(await client.introspect(token), { active: false });
  });
}

test("@badgateway/oauth2-client refreshes, and revoking the refresh token ends the grant", async () => {
  const registered = await server.registerClient();
  const client = connect(registered, "client_secret_basic");
  const opened = await server.openGrant(registered);
  const first = {
    accessToken: String(opened.access_token),
    refreshToken: String(opened.refresh_token),
    expiresAt: null,
  };
  const refreshed = await client.refreshToken(first);
  assert.notEqual(refreshed.refreshToken, first.refreshToken);
  assert.equal((await client.introspect(refreshed)).active, true);
  await client.revoke(refreshed, "refresh_token");
  assert.deepEqual(await client.introspect(refreshed), { active: false });
  assert.deepEqual(await client.introspect(first), { active: false });
  await assert.rejects(client.refreshToken(refreshed), /invalid_grant|400|expired/);
});

test("@badgateway/oauth2-client asks for one resource", async () => {
  const resource = "https://api.example/orders";
  await server.admin("POST", "/admin/v1/resources", { resource });
  const registered = await server.registerClient({ audience: [resource] });
  const token = await connect(registered, "client_secret_basic").clientCredentials({ resource });
  assert.equal((await server.introspect(token.accessToken)).aud, resource);
});
