// Every program in examples/adapters, and the MCP server, each in a process of its own beside a real server: it serves a
// good token and refuses it once it is revoked.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";

const examples = join(import.meta.dirname, "../../examples");
const audience = "https://orders.example";
let server: TestServer;
let api: RegisteredClient;
let shop: RegisteredClient;

before(async () => {
  server = await startTestServer();
  await server.admin("POST", "/admin/v1/resources", { resource: audience });
  api = await server.registerClient({ scope: "rescind:feed rescind:introspect" });
  shop = await server.registerClient({ scope: "orders:read orders:write", audience: [audience] });
});

after(() => server.close());

const programs = readdirSync(join(examples, "adapters")).filter(
  (name) => name.endsWith(".ts") && name !== "verifier.ts",
);

for (const program of programs) {
  test(`examples/adapters/${program}: a good token is served, refused for scope, and refused once revoked`, async (t) => {
    const port = await freePort();
    const child = start(join("adapters", program), port);
    t.after(() => child.kill());
    const call = (token: string) =>
      fetch(`http://127.0.0.1:${port}/orders`, { headers: { authorization: `Bearer ${token}` } });
    const token = await server.clientToken(shop, { scope: "orders:read" });
    const served = await until(() => call(token).catch(() => undefined), 60_000);
    assert.equal(served.status, 200);
    assert.deepEqual(await served.json(), { subject: shop.client_id });

    const poor = await call(await server.clientToken(shop, { scope: "orders:write" }));
    assert.equal(poor.status, 403);
    assert.match(poor.headers.get("www-authenticate") ?? "", /insufficient_scope/);

    const answered = await server.form("/oauth2/revoke", { token }, shop);
    assert.equal(answered.status, 200);
    const refused = await until(async () => {
      const response = await call(token);
      return response.status !== 200 && response;
    });
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate") ?? "", /^Bearer error="invalid_token"/);
  });
}

test("examples/mcp-server: a tool answers a good token and no revoked one", async (t) => {
  const port = await freePort();
  const child = start("mcp-server/main.ts", port);
  t.after(() => child.kill());
  const token = await server.clientToken(shop, { scope: "orders:read" });
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "whoami", arguments: {} } };
  const whoami = () =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(call),
    });
  const answered = await until(() => whoami().catch(() => undefined), 60_000);
  assert.equal(answered.status, 200);
  const { result } = await answered.json();
  assert.deepEqual(result.content, [{ type: "text", text: shop.client_id }]);

  assert.equal((await server.form("/oauth2/revoke", { token }, shop)).status, 200);
  const refused = await until(async () => {
    const response = await whoami();
    return response.status !== 200 && response;
  });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate") ?? "", /revoked/);
});

/** Starts a program of examples/ with the settings of the API. */
function start(program: string, port: number): ChildProcess {
  return spawn(process.execPath, ["--conditions=source", join(examples, program)], {
    env: {
      ...{ ISSUER: server.issuer, AUDIENCE: audience, PORT: String(port) },
      ...{ CLIENT_ID: api.client_id, CLIENT_SECRET: api.client_secret },
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
}
