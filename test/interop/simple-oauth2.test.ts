// `simple-oauth2`, which knows paths instead of discovery and has no introspection of its own.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ClientCredentials } from "simple-oauth2";
import { type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

function connect(registered: RegisteredClient, authorizationMethod: "header" | "body"): ClientCredentials {
  return new ClientCredentials({
    client: { id: registered.client_id, secret: registered.client_secret },
    auth: { tokenHost: server.issuer, tokenPath: "/oauth2/token", revokePath: "/oauth2/revoke" },
    options: { authorizationMethod },
  });
}

async function isActive(token: unknown, registered: RegisteredClient): Promise<unknown> {
  const { json } = await server.form("/oauth2/introspect", { token: String(token) }, registered);
  return json.active;
}

for (const method of ["header", "body"] as const) {
  test(`simple-oauth2 gets and revokes a token with its secret in the ${method}`, async () => {
    const registered = await server.registerClient();
    const got = await connect(registered, method).getToken({ scope: ["read", "write"] });
    assert.equal(got.token.scope, "read write");
    assert.equal(got.expired(), false);
    assert.equal(await isActive(got.token.access_token, registered), true);
    await got.revoke("access_token");
    assert.equal(await isActive(got.token.access_token, registered), false);
  });

  test(`simple-oauth2 refreshes a grant and revokes all of it with its secret in the ${method}`, async () => {
    const registered = await server.registerClient();
    const opened = connect(registered, method).createToken(await server.openGrant(registered));
    const refreshed = await opened.refresh({ scope: "read" });
    assert.equal(refreshed.token.scope, "read");
    assert.notEqual(refreshed.token.refresh_token, opened.token.refresh_token);
    assert.equal(await isActive(refreshed.token.access_token, registered), true);
    await refreshed.revokeAll();
    for (const token of [
      opened.token.access_token,
      refreshed.token.access_token,
      refreshed.token.refresh_token,
    ])
      assert.equal(await isActive(token, registered), false);
    await assert.rejects(refreshed.refresh(), /400/);
  });
}
