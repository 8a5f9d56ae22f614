// RFC 7009 as any client of it calls it: the defaults, with the answers the specification asks for. The sentences one by
// one are in test/rfc/rfc7009.test.ts.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("rfc7009", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await server.registerClient({ audience: [resource] });
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };

test("RFC 7009: a refresh token takes all access tokens of its grant along, at the API too, whatever the hint", async () => {
  const opened = await server.openGrant(client);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  assert.deepEqual(await api.calls(opened.access_token, json.access_token), [200, 200]);
  const said = await page.run("revoke", { ...credentials, REFRESH_TOKEN: json.refresh_token });
  assert.equal(said, "{}");
  await api.refuses(json.access_token);
  assert.equal(await api.call(opened.access_token), 401);
});

test("RFC 7009: 200 whether or not the token was valid", async () => {
  for (const token of ["made-up", `rat_${"0".repeat(60)}`, "a.b.c"])
    assert.equal(await page.run("revoke", { ...credentials, REFRESH_TOKEN: token }), "{}");
});

test("RFC 7009: a public client revokes by its client_id, and nobody else's token", async () => {
  const registered = await page.send("browser-client");
  assert.equal(registered.status, 201, registered.text);
  const spa = { client_id: String(registered.json.client_id) };
  const [own, others] = [await server.openGrant(spa), await server.openGrant(client)];
  await page.run("revoke-public", { TOKEN: own.access_token, PUBLIC_CLIENT_ID: spa.client_id });
  assert.equal((await server.introspect(String(own.access_token))).active, false);
  const refused = await server.form("/oauth2/revoke", { token: String(others.access_token), ...spa });
  assert.deepEqual([refused.status, refused.json.error], [400, "invalid_grant"]);
  assert.equal((await server.introspect(String(others.access_token))).active, true);
});

test("RFC 7009: CORS for the origins that the client's registration names", async () => {
  const { json } = await page.send("browser-client");
  const ask = (origin: string) =>
    server.request("/oauth2/revoke", {
      method: "POST",
      headers: { origin },
      body: new URLSearchParams({ token: "x", client_id: String(json.client_id) }),
    });
  const allowed = (await ask("https://app.example")).headers.get("access-control-allow-origin");
  assert.equal(allowed, "https://app.example");
  assert.equal((await ask("https://evil.example")).headers.get("access-control-allow-origin"), null);
});

test("RFC 7009: metadata names the endpoint and how to authenticate, `none` included", async () => {
  const metadata = JSON.parse(await page.run("discover"));
  assert.equal(metadata.revocation_endpoint, `${server.issuer}/oauth2/revoke`);
  assert.ok(metadata.revocation_endpoint_auth_methods_supported.includes("none"));
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
