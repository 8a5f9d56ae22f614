// One rule for every door: each protected route of the three route tables, called with every wrong credential, by every
// carrier, and with every scope. RV-09, AC-24, WEB-03, WEB-04.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accountRoutes, routes as adminRoutes, type Route } from "@rescind/admin-api";
import { grantManagementScopes, includesScope, rescindScopes } from "@rescind/core";
import { bearerRoutes, formRoutes, publicRoutes } from "../../packages/server/src/http/routes.ts";
import { type Answered, basic, type RegisteredClient, startTestServer } from "../running-server.ts";

// From outside of loopback, so that /metrics wants its token too.
const server = await startTestServer(["--trusted-proxies", "127.0.0.1"]);
after(() => server.close());

interface Protected {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly scopes: readonly string[];
}

const protectedRoutes: readonly Protected[] = [
  ...(Object.entries({ ...adminRoutes, ...accountRoutes }) as [string, Route][]).map(([name, route]) => ({
    name,
    method: route.method,
    path: route.path.replaceAll(/:\w+/g, "x"),
    scopes: [route.scope],
  })),
  ...bearerRoutes.map(({ method, path, scopes }) => ({
    name: `${method} ${path}`,
    method,
    path: path.replaceAll(/:\w+/g, "x"),
    scopes,
  })),
];

const everything = ["read", ...rescindScopes, ...grantManagementScopes].join(" ");

async function call(route: Protected, headers: Record<string, string>, path = route.path): Promise<Answered> {
  return server.request(path, {
    method: route.method,
    headers: { "x-forwarded-for": "203.0.113.9", ...headers },
  });
}

function assertUnauthorized(answer: Answered, what: string): void {
  assert.equal(answer.status, 401, what);
  assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer /, what);
  // OAuth endpoints answer OAuth errors, all others problems (CONTRACT.md section 3).
  if (/userinfo|introspect/.test(what)) assert.equal(answer.json.error, "invalid_token", what);
  else assert.equal(answer.headers.get("content-type"), "application/problem+json", what);
  assert.equal(answer.headers.get("cache-control"), "no-store", what);
}

test("the three tables are all there is: what they list is what the server protects", () => {
  assert.ok(protectedRoutes.length >= 26);
  const open = [...publicRoutes, ...formRoutes].map(({ path }) => path);
  for (const { path } of protectedRoutes) assert.ok(!open.includes(path));
});

const ways: Record<string, (client: RegisteredClient, token: string) => Promise<unknown>> = {
  "by its client": (client, token) => server.form("/oauth2/revoke", { token }, client),
  "by an administrator": (_client, token) =>
    server.admin("POST", "/admin/v1/revocations", { select: { token } }),
  "with its client": ({ client_id }) =>
    server.admin("POST", "/admin/v1/revocations", { select: { client_id } }),
  "with its key": ({ keys }) =>
    server.admin("POST", "/admin/v1/revocations", { select: { key_id: keys[0]?.key_id } }),
  "with its suspended client": ({ client_id }) =>
    server.admin("POST", `/admin/v1/clients/${client_id}/revoke`),
  "with its suspended key": ({ keys }) => server.admin("POST", `/admin/v1/keys/${keys[0]?.key_id}/revoke`),
};

for (const [way, revoke] of Object.entries(ways)) {
  test(`RV-09 every protected route refuses a token revoked ${way}`, async () => {
    for (const access_token_format of ["jwt", "opaque"]) {
      const client = await server.registerClient({ scope: everything, access_token_format });
      const token = await server.clientToken(client);
      const authorization = `Bearer ${token}`;
      const settings = { name: "", method: "GET", path: "/admin/v1/settings", scopes: [] };
      assert.equal((await call(settings, { authorization })).status, 200, "good before");
      await revoke(client, token);
      for (const route of protectedRoutes) {
        const answer = await call(route, { authorization });
        assertUnauthorized(answer, `${route.name} ${access_token_format}`);
        assert.match(answer.headers.get("www-authenticate") ?? "", /error="invalid_token"/);
      }
      const introspected = await server.request("/oauth2/introspect", {
        method: "POST",
        headers: { authorization },
        body: new URLSearchParams({ token }),
      });
      assertUnauthorized(introspected, "introspect");
    }
  });
}

test("RV-09 every protected route refuses an expired token, and one that is no access token of this server", async () => {
  const client = await server.registerClient({ scope: everything });
  const { refresh_token } = await server.openGrant(client);
  const elsewhere = await server.registerClient({ scope: everything, audience: ["https://api.example/"] });
  const foreign = await server.clientToken(elsewhere, { resource: "https://api.example/" });
  for (const token of [
    refresh_token,
    client.client_secret,
    foreign,
    "x",
    "",
    "a.b.c",
    `rat_${"0".repeat(60)}`,
  ])
    for (const route of protectedRoutes)
      assertUnauthorized(await call(route, { authorization: `Bearer ${token}` }), `${route.name} ${token}`);
});

test("AC-24 the token counts in the Authorization header only: query, body, cookie, Basic and other schemes do not", async () => {
  const client = await server.registerClient({ scope: everything });
  const token = await server.clientToken(client);
  for (const route of protectedRoutes) {
    for (const headers of [
      {},
      { cookie: `access_token=${token}; token=${token}` },
      { authorization: basic(client.client_id, client.client_secret) },
      { authorization: basic(token, "x-oauth-basic") },
      { authorization: `Token ${token}` },
      { authorization: `DPoP ${token}` },
      { authorization: token },
      { "x-access-token": token, "x-auth-token": token, "proxy-authorization": `Bearer ${token}` },
    ] as Record<string, string>[])
      assertUnauthorized(await call(route, headers), `${route.name} ${JSON.stringify(headers)}`);
    assertUnauthorized(await call(route, {}, `${route.path}?access_token=${token}`), `${route.name} query`);
    if (route.method === "GET") continue;
    const inBody = await server.request(route.path, {
      method: route.method,
      headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.9" },
      body: JSON.stringify({ access_token: token }),
    });
    assertUnauthorized(inBody, `${route.name} body`);
  }
});

test("WEB-03 a page elsewhere cannot ride on a browser: no cookie is set, none is read, and GET changes nothing", async () => {
  const admin = await server.adminToken();
  const head = async () => (await server.introspect(admin)).head;
  const before = await head();
  const audit = async () => (await server.admin("GET", "/admin/v1/audit?limit=1")).text;
  const record = await audit();
  for (const route of protectedRoutes.filter(({ method }) => method === "GET")) {
    const answer = await call(route, { authorization: `Bearer ${admin}`, origin: "https://evil.example" });
    assert.equal(answer.headers.get("set-cookie"), null, route.name);
  }
  assert.equal(await head(), before);
  assert.equal(await audit(), record);
});

test("WEB-04 every route is open to its scope, to those that include it, and to no other", async () => {
  const tokens = new Map<string, string>();
  for (const scope of ["read", ...rescindScopes, ...grantManagementScopes])
    tokens.set(scope, await server.tokenWithScope(scope));
  const client = await server.registerClient({ scope: "rescind:account" });
  tokens.set("read write offline_access", await server.tokenWithScope("read write offline_access"));
  for (const route of protectedRoutes) {
    // A person's, since a client has no account; anew each time, since signing out everywhere ends it.
    const own = await server.openGrant(client, "somebody", { scope: "rescind:account" });
    tokens.set("rescind:account", String(own.access_token));
    for (const [scope, token] of tokens) {
      const answer = await call(route, { authorization: `Bearer ${token}` });
      const allowed = route.scopes.some((wanted) => includesScope(scope.split(" "), wanted));
      // The scope opens it; that the sign-in was too long ago is said behind that door (RFC 9470).
      const asksAgain = answer.json.code === "insufficient-user-authentication";
      if (allowed)
        assert.ok(
          asksAgain || ![401, 403].includes(answer.status),
          `${route.name} ${scope}: ${answer.status}`,
        );
      else {
        assert.equal(answer.status, 403, `${route.name} ${scope}`);
        assert.match(answer.headers.get("www-authenticate") ?? "", /error="insufficient_scope"/);
        assert.equal(answer.json.code, "insufficient-scope");
      }
    }
  }
});

test("WEB-04 the ladder of scopes is read, revoke, admin, and stands in the table as CONTRACT.md says", () => {
  // A POST, since what it asks about is a token, which no URL may hold; it changes nothing.
  const reads = ({ method, path }: Route) => method === "GET" || path === "/admin/v1/explain";
  const changing = (Object.values(adminRoutes) as Route[]).filter((route) => !reads(route));
  for (const { path, scope } of changing) {
    const revokes = /\/(revoke|approve|lift|revocations|revocations\/bulk)$/.test(path);
    assert.equal(scope, revokes ? "rescind:revoke" : "rescind:admin", path);
  }
  const reading = (Object.values(adminRoutes) as Route[]).filter(reads);
  for (const { path, scope } of reading) assert.equal(scope, "rescind:read", path);
});

test("WEB-04 nobody who may only revoke can make or change what can do more", async () => {
  const operator = await server.tokenWithScope("rescind:revoke");
  for (const [method, path, body] of [
    ["POST", "/admin/v1/clients", { name: "x", grant_types: ["client_credentials"], scope: "rescind:admin" }],
    ["PATCH", "/admin/v1/clients/admin", { scope: "rescind:admin" }],
    ["POST", "/admin/v1/clients/admin/keys", {}],
    ["POST", "/admin/v1/grants", { client_id: "admin", subject: "usr_x", scope: "rescind:admin" }],
  ] as const) {
    const answer = await server.request(path, {
      method,
      headers: { authorization: `Bearer ${operator}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 403, path);
  }
});
