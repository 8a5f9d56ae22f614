// THREATS.md WEB-20 and WEB-24: one path leads to one handler, and every other spelling of it leads nowhere or to the
// same; WEB-15 and WEB-14: what is said in paths, queries and forms stays a text; WEB-17, WEB-23: headers of answers.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { routes as adminRoutes, type Route } from "@rescind/admin-api";
import { bearerRoutes, formRoutes, publicRoutes } from "../../packages/server/src/http/routes.ts";
import { exchange } from "../raw-socket.ts";
import { basic, startTestServer } from "../running-server.ts";

const server = await startTestServer(["--trusted-proxies", "127.0.0.1"]);
after(() => server.close());

const client = await server.registerClient();
const outside = { "x-forwarded-for": "203.0.113.9" };
const host = new URL(server.base).host;

const all: readonly { readonly method: string; readonly path: string; readonly open: boolean }[] = [
  ...(Object.values(adminRoutes) as Route[]).map(({ method, path }) => ({ method, path, open: false })),
  ...bearerRoutes.map(({ method, path }) => ({ method, path, open: false })),
  ...formRoutes.map(({ path }) => ({ method: "POST", path, open: false })),
  ...publicRoutes.map(({ path }) => ({ method: "GET", path, open: true })),
].map((route) => ({ ...route, path: route.path.replaceAll(/:\w+/g, "x") }));

/** The status of a request whose target is sent as it stands, without credentials. */
async function statusOf(method: string, target: string, more = ""): Promise<number> {
  const length = method === "GET" ? "" : "Content-Length: 0\r\n";
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: 203.0.113.9\r\n${length}${more}`;
  const { statuses } = await exchange(server.base, `${head}Connection: close\r\n\r\n`);
  assert.equal(statuses.length, 1, `${method} ${target}`);
  return statuses[0] ?? 0;
}

function spellings(path: string): string[] {
  const [, first = "", ...rest] = path.split("/");
  const last = path.slice(path.lastIndexOf("/") + 1);
  const encodedFirst = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`;
  return [
    `${path}/`,
    `/${path}`,
    `${path}//`,
    `/${first}//${rest.join("/")}`,
    `${path};a=b`,
    `/${first};a=b/${rest.join("/")}`,
    `${path}/.`,
    `${path}/..`,
    `${path}/../${last}`,
    `/./${path.slice(1)}`,
    `/x/..${path}`,
    `/${first}%2F${rest.join("%2F")}`,
    `/${first}%5C${rest.join("/")}`,
    `/${first}\\${rest.join("\\")}`,
    path.toUpperCase(),
    `${path}%00`,
    `${path}%20`,
    `${path}.json`,
    `${path}%3Fa`,
    `${path}%23a`,
    `${path}#a`,
    `/${encodedFirst}/${rest.join("/")}`,
    `/%2e${path}`,
    `${path}%0d%0aX: y`.replace(" ", "%20"),
    `${path}/%2e%2e/${last}`,
    `/${first}/%252e%252e/${rest.join("/")}`,
  ].filter((spelling) => spelling !== path);
}

test("WEB-20 no spelling of a protected path opens it without credentials, and only the very path is the route", async () => {
  for (const { method, path, open } of all) {
    const itself = await statusOf(method, path);
    assert.ok(open ? itself === 200 : [400, 401].includes(itself), `${method} ${path}: ${itself}`);
    const answers = await Promise.all(
      spellings(path).map(async (target) => ({ target, status: await statusOf(method, target) })),
    );
    for (const { target, status } of answers) {
      if (open && status === itself) continue; // told to everybody anyhow
      assert.ok([400, 401, 404, 405].includes(status), `${method} ${target}: ${status}`);
    }
  }
});

test("WEB-20 a method in a header or a query does not count, nor does another URL in a header", async () => {
  for (const more of [
    "X-HTTP-Method-Override: DELETE\r\n",
    "X-Method-Override: DELETE\r\n",
    "X-Original-URL: /healthz\r\n",
    "X-Rewrite-URL: /healthz\r\n",
  ])
    assert.equal(await statusOf("GET", "/admin/v1/clients", more), 401, more);
  const { client_id } = await server.registerClient();
  const authorization = `Bearer ${await server.adminToken()}`;
  const headers = { authorization, "x-http-method-override": "DELETE" };
  const read = await server.request(`/admin/v1/clients/${client_id}?_method=DELETE`, { headers });
  assert.equal(read.status, 400);
  assert.equal((await server.request(`/admin/v1/clients/${client_id}`, { headers })).json.status, "approved");
});

test("WEB-20 unknown paths are 404 and unknown methods are refused, each with a problem that repeats nothing", async () => {
  for (const path of [
    "/",
    "/admin",
    "/admin/v1",
    "/admin/v2/clients",
    "/oauth2",
    "/oauth2/authorise",
    "/.env",
    "/<script>",
  ]) {
    const answer = await server.request(path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.ok(path === "/" || !answer.text.includes(path), path);
  }
  for (const method of ["TRACE", "PROPFIND", "CONNECT"])
    assert.ok(
      [400, 404, 405, 0].includes(await statusOf(method, "/admin/v1/clients").catch(() => 0)),
      method,
    );
});

test("WEB-24 the Host header decides nothing: not the issuer, not an audience, not a path", async () => {
  for (const evil of ["evil.example", "evil.example:443", `${host}.evil.example`, "127.0.0.1"]) {
    const { text } = await exchange(
      server.base,
      `GET /.well-known/openid-configuration HTTP/1.1\r\nHost: ${evil}\r\nConnection: close\r\n\r\n`,
    );
    assert.ok(text.includes(`"issuer":"${server.issuer}"`));
    assert.ok(!text.includes("evil"));
  }
  const { text } = await exchange(
    server.base,
    `GET http://evil.example/.well-known/openid-configuration HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
  );
  assert.ok(!text.includes("evil.example"));
});

const injections = [
  "'",
  "' OR '1'='1",
  "'; DROP TABLE entries; --",
  "1 OR 1=1",
  "%' --",
  "\\",
  '"',
  "$1",
  "?1",
  ") UNION SELECT 1 --",
  "x' AND 1=randomblob(1e9) --",
];

test("WEB-15 a quote is a letter: nothing that is sent becomes SQL", async () => {
  const { access_token } = await server.openGrant(client, "usr_web15");
  for (const text of injections) {
    const answers = [
      await server.form(
        "/oauth2/token",
        { grant_type: "client_credentials" },
        { client_id: text, client_secret: text },
      ),
      await server.form("/oauth2/revoke", { token: text, token_type_hint: text }, client),
      await server.form("/oauth2/introspect", { token: text }, client),
      await server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: text }, client),
      await server.form(
        "/oauth2/token",
        { grant_type: "client_credentials", scope: text, resource: text },
        client,
      ),
      await server.admin("GET", `/admin/v1/clients/${encodeURIComponent(text)}`),
      await server.admin("GET", `/admin/v1/grants?subject=${encodeURIComponent(text)}`),
      await server.admin("GET", `/admin/v1/tokens?client_id=${encodeURIComponent(text)}`),
      await server.admin("GET", `/admin/v1/audit?action=${encodeURIComponent(text)}`),
      await server.admin("GET", `/admin/v1/tokens?cursor=${encodeURIComponent(text)}`),
      await server.admin("POST", "/admin/v1/revocations", { select: { subject: text }, note: text }),
      await server.admin("POST", "/admin/v1/grants", { client_id: client.client_id, subject: text }),
    ];
    for (const { status, json } of answers) {
      assert.ok(status < 500, `${text}: ${status}`);
      if (status === 200 && "items" in json) assert.deepEqual(json.items, [], text);
    }
    const listed = await server.admin("GET", `/admin/v1/grants?subject=${encodeURIComponent(text)}`);
    assert.equal((listed.json.items as unknown[]).length, 1, "found by its very text");
  }
  assert.equal((await server.introspect(String(access_token))).active, true);
});

test("WEB-14 no text is slow to be refused: 60 KB that a backtracking pattern would choke on", async () => {
  const chokers = [
    "a".repeat(60_000),
    " ".repeat(60_000),
    `${"a ".repeat(30_000)}!`,
    "%20".repeat(20_000),
    `${"\\".repeat(50_000)}"`,
    `${"1".repeat(60_000)}x`,
    "=".repeat(60_000),
  ];
  const before = process.cpuUsage(); // the server's too: it is in this process
  for (const text of chokers) {
    const form = (name: string, path: string) =>
      server.form(
        path,
        { grant_type: "client_credentials", token: "x", [name]: text.slice(0, 20_000) },
        client,
      );
    for (const name of ["scope", "resource", "token", "token_type_hint", "cascade"]) {
      await form(name, "/oauth2/token");
      await form(name, "/oauth2/revoke");
    }
    await server.request("/oauth2/token", {
      method: "POST",
      headers: { authorization: `Basic ${text.slice(0, 8000).replaceAll(/[^\x20-\x7e]/g, "")}` },
    });
    await server.admin("POST", "/admin/v1/clients", {
      name: text,
      grant_types: ["client_credentials"],
      scope: text,
      redirect_uris: [text],
      allowed_origins: [text],
      jwks_uri: text,
    });
    await server.admin("POST", "/admin/v1/revocations", { select: { token: text }, before: text });
  }
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 10_000_000, `${(user + system) / 1000} ms of processor time`);
});

test("WEB-17 every answer that is not public says no-store and nosniff, refusals and successes alike", async () => {
  const bearer = { authorization: `Bearer ${await server.adminToken()}` };
  const secret = { authorization: basic(client.client_id, client.client_secret) };
  const body = new URLSearchParams({ grant_type: "client_credentials", token: "x" });
  for (const { method, path, open } of all) {
    if (open) continue;
    for (const headers of [{ ...outside }, { ...outside, ...bearer }, { ...outside, ...secret }] as Record<
      string,
      string
    >[]) {
      const isForm = path.startsWith("/oauth2/");
      const answer = await server.request(path, { method, headers, ...(isForm ? { body } : {}) });
      const what = `${method} ${path} ${answer.status}`;
      assert.match(answer.headers.get("cache-control") ?? "", /\bno-store\b/, what);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff", what);
      assert.match(answer.headers.get("x-request-id") ?? "", /^[\w-]{8,}$/, what);
      assert.equal(answer.headers.get("server"), null, what);
      assert.equal(answer.headers.get("x-powered-by"), null, what);
    }
  }
});

test("WEB-23 health and metrics name no client, subject or token; beyond loopback metrics want rescind:read", async () => {
  const { access_token } = await server.openGrant(client, "usr_web23");
  await server.form("/oauth2/revoke", { token: String(access_token) }, client);
  assert.equal((await server.request("/metrics", { headers: outside })).status, 401);
  const authorization = `Bearer ${await server.tokenWithScope("rescind:read")}`;
  const metrics = await server.request("/metrics", { headers: { ...outside, authorization } });
  assert.equal(metrics.status, 200);
  assert.match(metrics.text, /rescind_revocations_total\{unit="token",reason="client_request"\} 1/);
  assert.equal(
    (await server.request("/metrics", { headers: { "x-forwarded-for": "127.0.0.1" } })).status,
    200,
  );
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    const { text } = await server.request(path, { headers: { ...outside, authorization } });
    for (const secret of [
      client.client_id,
      client.client_secret,
      "usr_web23",
      String(access_token),
      server.data,
    ])
      assert.ok(!text.includes(secret), `${path}: ${secret}`);
  }
});
