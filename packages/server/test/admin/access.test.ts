// Who may call what: every route of the contract's table, with every scope. CONTRACT.md section 5.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Route, routes } from "@rescind/admin-api";
import { includesScope, rescindScopes } from "@rescind/core";
import { type Answered, startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
const tokens = new Map<string, string>();
before(async () => {
  server = await startTestServer();
  for (const scope of [...rescindScopes, "read"]) tokens.set(scope, await server.tokenWithScope(scope));
});
after(() => server.close());

const example: Readonly<Record<string, string>> = { client_id: "nobody", key_id: "key_1", id: "rev_1" };

/** A call that changes nothing if it is let in: of what does not exist, or with a body that is refused. */
function call(route: Route, authorization: string | undefined): Promise<Answered> {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => example[name] ?? "");
  const hasBody = route.body !== undefined;
  return server.request(path, {
    method: route.method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(hasBody ? { "content-type": "application/json" } : {}),
    },
    ...(hasBody ? { body: '{"not a member": 1}' } : {}),
  });
}

const table: [string, Route][] = Object.entries(routes);

describe("WEB-04 each call needs its scope, and nothing but it opens the call", () => {
  for (const [name, route] of table) {
    test(`${name} needs ${route.scope}`, async () => {
      for (const [scope, token] of tokens) {
        const { status, json, headers } = await call(route, `Bearer ${token}`);
        if (includesScope([scope], route.scope))
          assert.ok([200, 400, 404].includes(status), `${scope}: ${status}`);
        else {
          assert.deepEqual([status, json.code], [403, "insufficient-scope"], scope);
          assert.match(headers.get("www-authenticate") ?? "", /error="insufficient_scope"/);
        }
      }
    });
  }
});

describe("without a live Bearer token in the Authorization header there is nothing to see", () => {
  test("AC-24 no token, Basic, a query parameter, another kind of token: 401", async () => {
    const client = await server.registerClient();
    const grant = await server.openGrant(client);
    const basic = `Basic ${Buffer.from(`admin:${server.adminSecret}`).toString("base64")}`;
    for (const [name, route] of table) {
      for (const authorization of [
        undefined,
        basic,
        "Bearer x",
        `Bearer ${grant.refresh_token}`,
        `Bearer ${client.client_secret}`,
      ])
        assert.equal(
          (await call(route, authorization)).status,
          401,
          `${name} ${authorization?.slice(0, 12)}`,
        );
    }
    const inQuery = await server.request(`/admin/v1/clients?access_token=${await server.adminToken()}`);
    assert.equal(inQuery.status, 401);
  });

  test("RV-09 a revoked token is refused by every call", async () => {
    const token = await server.tokenWithScope("rescind:admin");
    assert.equal((await call(routes.listClients, `Bearer ${token}`)).status, 200);
    await server.admin("POST", "/admin/v1/revocations", { select: { token } });
    for (const [name, route] of table) assert.equal((await call(route, `Bearer ${token}`)).status, 401, name);
  });

  test("a token for another audience is refused", async () => {
    const client = await server.registerClient({
      scope: "rescind:admin read",
      audience: ["https://api.example"],
    });
    const token = await server.clientToken(client, { resource: "https://api.example", scope: "read" });
    assert.equal((await call(routes.listClients, `Bearer ${token}`)).status, 401);
  });
});

test("WEB-17 no answer of the admin API is kept by caches", async () => {
  for (const [, route] of table) {
    const { status, headers } = await call(route, `Bearer ${tokens.get("rescind:admin")}`);
    assert.equal(headers.get("cache-control"), "no-store", `${route.path} ${status}`);
  }
});

test("C4 calls that were not let in changed nothing", async () => {
  const before = await server.admin("GET", "/admin/v1/settings");
  for (const [, route] of table) await call(route, `Bearer ${tokens.get("read")}`);
  const after = await server.admin("GET", "/admin/v1/settings");
  assert.deepEqual(after.json.head, before.json.head);
});

test("a body of another type is 415, a method that is none 405 with Allow", async () => {
  const authorization = `Bearer ${await server.adminToken()}`;
  const form = await server.request("/admin/v1/clients", {
    method: "POST",
    headers: { authorization },
    body: new URLSearchParams({ name: "x" }),
  });
  assert.equal(form.status, 415);
  const put = await server.request("/admin/v1/clients", { method: "PUT", headers: { authorization } });
  assert.equal(put.status, 405);
  assert.match(put.headers.get("allow") ?? "", /GET/);
});
