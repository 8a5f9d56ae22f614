// The usual practice with JWTs: short lives, refreshing, and a list of what is revoked that every API can read.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { decodeJwt } from "jose";
import { type RegisteredClient, startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("jwt-practice", server);
const api = await startProtectedApi(server);
after(() => api.close());

test("JWT practice: lives of a minute, and refreshing goes on", async () => {
  const registered = await page.send("client", { AUDIENCE: resource });
  assert.equal(registered.status, 201, registered.text);
  const client = registered.json as unknown as RegisteredClient; // the contract's ClientAnswer
  const opened = await server.openGrant(client);
  const { exp = 0, iat = 0 } = decodeJwt(String(opened.access_token));
  assert.equal(exp - iat, 60);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  assert.equal(await api.call(json.access_token), 200);
});

test("JWT practice: an API in any language learns of a revocation by introspection, and of all of them from the feed", async () => {
  const client = await server.registerClient({ audience: [resource] });
  const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };
  const token = await server.clientToken(client);
  const introspect = async () =>
    JSON.parse(await page.run("introspect", { ...credentials, ACCESS_TOKEN: token })).active;
  assert.equal(await introspect(), true);
  const revoked = await server.form("/oauth2/revoke", { token }, client);
  assert.equal(await introspect(), false);
  await api.refuses(token);
  assert.equal(await api.isGoodForLibrary(token), true, "what a library alone would go on accepting");
  const FEED_TOKEN = await server.tokenWithScope("rescind:feed");
  const feed = await page.run("feed", { FEED_TOKEN });
  const seqs = JSON.parse(feed).entries.map(({ seq }: { seq: number }) => seq);
  assert.ok(seqs.includes(Number(revoked.headers.get("rescind-seq"))));
  for (const name of [String(decodeJwt(token).jti), client.client_id])
    assert.ok(!feed.includes(name), "nobody can tell from it whose token it was");
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
