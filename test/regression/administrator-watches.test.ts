// `rescind watch` works with DIR/admin.json: administration does not include the feed, but an administrator may ask for
// a token of the feed by name.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../running-server.ts";

let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function scopeGiven(client: { client_id: string; client_secret: string }, scope?: string) {
  const parameters = { grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) };
  const { status, json } = await server.form("/oauth2/token", parameters, client);
  return status === 200 ? json : json.error;
}

test("the admin client gets the scope of the feed by name, and only by name", async () => {
  const admin = { client_id: "admin", client_secret: server.adminSecret };
  const unasked = (await scopeGiven(admin)) as { scope: string };
  assert.equal(unasked.scope, "rescind:admin");
  const asked = (await scopeGiven(admin, "rescind:feed")) as { scope: string; access_token: string };
  assert.equal(asked.scope, "rescind:feed");
  const feed = await fetch(`${server.issuer}/revocations`, {
    headers: { authorization: `Bearer ${asked.access_token}` },
  });
  assert.equal(feed.status, 200);
  assert.equal(await scopeGiven(admin, "rescind:account"), "invalid_scope");
});

test("another client does not", async () => {
  const client = await server.registerClient({ scope: "rescind:revoke" });
  assert.equal(await scopeGiven(client, "rescind:feed"), "invalid_scope");
});
