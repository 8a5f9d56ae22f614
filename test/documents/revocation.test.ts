// docs/reference/revocation.md: every command on it is run as it stands there, and does what the page says.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { pageOf } from "../systems/page.ts";

const server = await startTestServer();
after(() => server.close());
const page = pageOf("docs/reference/revocation.md", server);

const client = await server.registerClient({
  scope: "read write grant_management_query grant_management_revoke",
});
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };
const own = { CLIENT_TOKEN: await server.clientToken(client) };

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

test("a client revokes its token, wider if it says so, and waits for the verifiers", async () => {
  for (const [block, dead] of [
    ["revoke", [true, false]],
    ["cascade", [true, true]],
    ["wait", [true, false]],
  ] as const) {
    const { access_token, refresh_token } = await server.openGrant(client);
    const said = await page.run(block, { ...credentials, TOKEN: access_token });
    assert.ok(said.endsWith("{}"), said);
    assert.deepEqual([!(await isLive(access_token)), !(await isLive(refresh_token))], dead, block);
    if (block === "wait") assert.match(said, /rescind-effective: 0\/0\r\n/i);
  }
});

test("a page revokes by a script", async () => {
  const widget = await server.registerClient({
    token_endpoint_auth_method: "none",
    grant_types: ["refresh_token"],
    jsonp: true,
  });
  const { access_token } = await server.openGrant(widget);
  const said = await page.run("script", { WIDGET_ID: widget.client_id, TOKEN: access_token });
  assert.equal(said, "/**/app.signedOut({});");
  assert.equal(await isLive(access_token), false);
});

test("a finder reports a leaked token", async () => {
  const { access_token } = await server.openGrant(client);
  assert.equal(await page.run("report", { TOKEN: access_token }), "{}");
  assert.equal(await isLive(access_token), false);
});

test("a security tool ends everything of a person", async () => {
  const email = "ada@example.com";
  const { json } = await server.admin("POST", "/admin/v1/users", { username: "ada", email });
  const { access_token } = await server.openGrant(client, String(json.sub));
  const said = await page.run("global", { OPERATOR_TOKEN: await server.tokenWithScope("rescind:revoke") });
  assert.match(said, /^HTTP\/1\.1 204 .*\r\n/);
  assert.match(said, /rescind-seq: \d+\r\n/i);
  assert.equal(await isLive(access_token), false);
});

test("a client asks for its grant and ends it", async () => {
  const { grant_id, access_token } = await server.openGrant(client, "usr_alice", { scope: "read" });
  const grant = { ...own, GRANT_ID: grant_id };
  assert.deepEqual(JSON.parse(await page.run("query-grant", grant)), { scopes: [{ scope: "read" }] });
  assert.match(await page.run("end-grant", grant), /^HTTP\/1\.1 204 /);
  assert.equal(await isLive(access_token), false);
});

test("an administrator previews, orders, lifts, suspends and approves; and every command of the page was run", async () => {
  const ADMIN_TOKEN = JSON.parse(await page.run("admin-token")).access_token;
  const { access_token } = await server.openGrant(client, "usr_alice");
  const preview = JSON.parse(await page.run("preview", { ADMIN_TOKEN }));
  assert.ok(preview.affected.access_tokens >= 1);
  assert.equal(await isLive(access_token), true);
  const ordered = JSON.parse(await page.run("order", { ADMIN_TOKEN }));
  assert.equal(await isLive(access_token), false);
  const lifted = await page.run("lift", { ADMIN_TOKEN, REVOCATION_ID: ordered.id });
  assert.match(lifted, /rescind-effective: 0\/0\r\n/i);
  assert.equal(await isLive(access_token), true);
  const states = await page.run("suspend", { ...credentials, ADMIN_TOKEN });
  assert.match(states, /"status":"revoked".*"status":"approved"/s);
  const { access_token: second } = await server.openGrant(client);
  const { revoked } = JSON.parse(await page.run("bulk", { ADMIN_TOKEN, TOKEN: second }));
  assert.deepEqual([revoked, await isLive(second)], [1, false]);
  const { access_token: third } = await server.openGrant(client);
  assert.match(await page.run("command-line", { TOKEN: third }), /0 of 0|0\/0|no verifier/i);
  assert.equal(await isLive(third), false);
  assert.deepEqual(page.unused(), []);
});
