// A refresh may narrow what the grant was for, never widen it, and what the client has lost since is lost (RV-16).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";

const orders = "https://orders.example";
const billing = "https://billing.example";
let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function refresh(
  client: RegisteredClient,
  token: string | undefined,
  more: Record<string, string> = {},
) {
  return server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: String(token), ...more },
    client,
  );
}

test("a refresh cannot ask for the issuer or another of the client's resources that the grant was not for", async () => {
  const client = await server.registerClient({ audience: [orders, billing] });
  const grant = await server.openGrant(client, "usr_bob", { resource: orders, scope: "read" });
  for (const resource of [server.issuer, billing]) {
    const { status, json } = await refresh(client, grant.refresh_token, { resource });
    assert.deepEqual([status, json.error], [400, "invalid_target"]);
  }
  const { status } = await refresh(client, grant.refresh_token, { resource: orders });
  assert.equal(status, 200, "the refused ones spent nothing");
});

test("RV-16 a client that lost the resource gets no token for another audience instead", async () => {
  const client = await server.registerClient({ audience: [orders] });
  const grant = await server.openGrant(client, "usr_bob", { resource: orders, scope: "read" });
  const changed = await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, {
    audience: [billing],
  });
  assert.equal(changed.status, 200);
  const { status, json } = await refresh(client, grant.refresh_token);
  assert.deepEqual([status, json.error], [400, "invalid_target"]);
});
