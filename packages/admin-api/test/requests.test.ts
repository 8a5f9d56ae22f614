// Bodies and queries as the server will judge them: by Fastify's own validator, with the options DESIGN.md section 8 sets.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type RouteName, routes } from "@rescind/admin-api";
import fastify, { type FastifyError } from "fastify";

const app = fastify({
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: true } },
});
for (const route of Object.values(routes)) {
  if (!("body" in route)) continue;
  app.post(`/body${route.path}`, { schema: { body: route.body } }, () => "taken");
}
app.setErrorHandler<FastifyError>((error, _request, reply) =>
  reply.code(error.statusCode ?? 500).send({
    fields: (error.validation ?? []).flatMap((found) => [
      found.instancePath,
      String(found.params.additionalProperty ?? found.params.missingProperty ?? ""),
    ]),
    message: error.message,
  }),
);
after(() => app.close());

async function send(name: RouteName, body: unknown): Promise<{ status: number; fields: string }> {
  const path = routes[name].path.replace(/:\w+/g, "x");
  const answer = await app.inject({
    method: "POST",
    url: `/body${path}`,
    payload: JSON.stringify(body),
    headers: json,
  });
  return { status: answer.statusCode, fields: answer.body };
}

const json = { "content-type": "application/json" };
const client = { name: "Orders", grant_types: ["client_credentials"] };
const lone = String.fromCharCode(0xd800);

describe("a body that is as it should be is taken", () => {
  const good: [RouteName, unknown][] = [
    ["createClient", client],
    [
      "createClient",
      { ...client, client_id: "https://app.example/id", scope: "a b", audience: ["https://api.example"] },
    ],
    ["createClient", { ...client, redirect_uris: ["https://a.example/cb?x=1", "com.example.app:/cb"] }],
    [
      "createClient",
      { ...client, allowed_origins: ["https://a.example", "http://127.0.0.1:3000", "http://[::1]:80"] },
    ],
    ["createClient", { ...client, name: "Zoë’s 店 🚀", custom_claims: { tier: { of: ["any", 1, null] } } }],
    ["changeClient", { access_token_ttl: null, jwks: null, name: "New" }],
    ["suspendClient", {}],
    ["suspendKey", { reason: "key_compromise", note: "seen on a paste site", final: true }],
    ["putResource", { resource: "urn:example:orders", scopes: ["orders:read"], signing_alg: "EdDSA" }],
    [
      "openGrant",
      { client_id: "web", subject: "auth0|5f7c8ec7c33c6c004bbafe82", claims: { email: "a@b.example" } },
    ],
    ["openGrant", { client_id: "web", subject: "ünï 店".padEnd(255, "x") }],
    ["revoke", { select: { token_id: "tid_1" } }],
    [
      "revoke",
      { select: { subject: "u", client_id: "c" }, before: "2026-01-31T23:59:59+02:00", dry_run: true },
    ],
    ["revoke", { select: { all: true }, max_affected: 0 }],
    ["revoke", { select: { issuer: "https://idp.example/", subject: "auth0|5f7c" } }],
    ["revoke", { select: { issuer: "https://idp.example/", jti: "any text 店" } }],
    [
      "putIssuer",
      { issuer: "https://idp.example/", jwks_uri: "https://idp.example/jwks?v=2", max_token_ttl: 86_400 },
    ],
    ["lift", { note: "mistaken" }],
  ];
  for (const [name, body] of good) {
    test(`${name} ${JSON.stringify(body).slice(0, 90)}`, async () => {
      const { status, fields } = await send(name, body);
      assert.equal(status, 200, fields);
    });
  }
});

describe("a body that is not is refused, and the field is named", () => {
  const bad: [RouteName, unknown, string][] = [
    ["createClient", { grant_types: ["client_credentials"] }, "name"],
    ["createClient", { ...client, name: "" }, "/name"],
    ["createClient", { ...client, name: "x".repeat(201) }, "/name"],
    ["createClient", { ...client, name: "a\r\nb" }, "/name"],
    ["createClient", { ...client, name: "\u202egnp.exe" }, "/name"],
    ["createClient", { ...client, name: lone }, "/name"],
    ["createClient", { ...client, name: 1 }, "/name"],
    ["createClient", { ...client, grant_types: ["password"] }, "/grant_types/0"],
    ["createClient", { ...client, grant_types: [] }, "/grant_types"],
    ["createClient", { ...client, client_id: ".." }, "/client_id"],
    ["createClient", { ...client, client_id: "a b" }, "/client_id"],
    ["createClient", { ...client, client_id: "é" }, "/client_id"],
    ["createClient", { ...client, scope: "a  b" }, "/scope"],
    ["createClient", { ...client, scope: 'a"b' }, "/scope"],
    ["createClient", { ...client, scope: "x".repeat(4097) }, "/scope"],
    ["createClient", { ...client, audience: ["orders"] }, "/audience/0"],
    ["createClient", { ...client, audience: ["https://a.example/#f"] }, "/audience/0"],
    ["createClient", { ...client, allowed_origins: ["https://a.example/"] }, "/allowed_origins/0"],
    ["createClient", { ...client, allowed_origins: ["*"] }, "/allowed_origins/0"],
    ["createClient", { ...client, allowed_origins: ["null"] }, "/allowed_origins/0"],
    ["createClient", { ...client, access_token_ttl: 86_401 }, "/access_token_ttl"],
    ["createClient", { ...client, access_token_ttl: "60" }, "/access_token_ttl"],
    ["createClient", { ...client, access_token_ttl: 0.5 }, "/access_token_ttl"],
    ["createClient", { ...client, jwks_uri: "file:///etc/passwd" }, "/jwks_uri"],
    [
      "createClient",
      { ...client, revocation_policy: { refresh_token: "token" } },
      "/revocation_policy/refresh_token",
    ],
    ["createClient", { ...client, grantTypes: [] }, "grantTypes"],
    ["createClient", [], ""],
    ["changeClient", { client_id: "other" }, "client_id"],
    ["changeClient", {}, ""],
    ["putResource", { resource: "orders" }, "/resource"],
    ["putResource", { resource: "https://a.example", signing_alg: "HS256" }, "/signing_alg"],
    ["putResource", { resource: "https://a.example", scopes: ["a b"] }, "/scopes/0"],
    ["openGrant", { client_id: "c", subject: "" }, "/subject"],
    ["openGrant", { client_id: "c", subject: "x".repeat(256) }, "/subject"],
    ["openGrant", { client_id: "c", subject: "a\u0000" }, "/subject"],
    ["openGrant", { client_id: "c", subject: "a\u2028" }, "/subject"],
    ["revoke", {}, "select"],
    ["revoke", { select: {} }, "/select"],
    ["revoke", { select: { token_id: "tid_0" } }, "/select/token_id"],
    ["revoke", { select: { token_id: "gnt_1" } }, "/select/token_id"],
    ["revoke", { select: { issuer: "a.example" } }, "/select/issuer"],
    ["revoke", { select: { issuer: "https://a.example", jti: "" } }, "/select/jti"],
    ["revoke", { select: { issuer: "https://a.example", jti: "a\u0000" } }, "/select/jti"],
    ["revoke", { select: { issuer: "https://a.example", jti: lone } }, "/select/jti"],
    ["revoke", { select: { iss: "https://a.example" } }, "iss"],
    ["putIssuer", { issuer: "https://a.example" }, "jwks_uri"],
    ["putIssuer", { issuer: "urn:a", jwks_uri: "https://a.example/jwks" }, "/issuer"],
    ["revoke", { select: { all: false } }, "/select/all"],
    ["revoke", { select: { subject: "u" }, before: "yesterday" }, "/before"],
    ["revoke", { select: { subject: "u" }, before: "2026-01-01T00:00:00.5Z" }, "/before"],
    ["revoke", { select: { subject: "u" }, before: 1767225600 }, "/before"],
    ["revoke", { select: { subject: "u" }, reason: "replay_detected" }, "/reason"],
    ["revoke", { select: { subject: "u" }, max_affected: -1 }, "/max_affected"],
    ["revoke", { select: { subject: "u" }, dry_run: "yes" }, "/dry_run"],
    ["lift", { note: "x".repeat(501) }, "/note"],
  ];
  for (const [name, body, field] of bad) {
    test(`${name} ${JSON.stringify(body).slice(0, 90)}`, async () => {
      const { status, fields } = await send(name, body);
      assert.equal(status, 400, fields);
      assert.ok(fields.includes(JSON.stringify(field)), `${fields} does not name ${field}`);
    });
  }
});

test("WEB-12 a member named __proto__ is refused", async () => {
  const answer = await app.inject({
    method: "POST",
    url: "/body/admin/v1/clients",
    payload: '{"name":"x","grant_types":["client_credentials"],"__proto__":{"first_party":true}}',
    headers: json,
  });
  assert.equal(answer.statusCode, 400);
});

describe("the route table", () => {
  const all = Object.entries(routes);

  test("every body, query and path refuses what it does not know", () => {
    for (const [name, route] of all) {
      for (const part of ["body", "query", "params"] as const) {
        if (!(part in route)) continue;
        const schema: unknown = Reflect.get(route, part);
        assert.ok(typeof schema === "object" && schema !== null, name);
        assert.equal(Reflect.get(schema, "additionalProperties"), false, `${name}: ${part} is open`);
      }
    }
  });

  test("the path parameters are those of the schema", () => {
    for (const [name, route] of all) {
      const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
      const inSchema = "params" in route ? Object.keys(route.params.properties) : [];
      assert.deepEqual(inPath, inSchema, name);
    }
  });

  test("no two routes share method and path", () => {
    const places = all.map(([, { method, path }]) => `${method} ${path}`);
    assert.equal(new Set(places).size, places.length);
  });

  test("what only reads needs rescind:read, and nothing else does with it", () => {
    // A question with a token in it goes into a body: URLs stand in logs.
    const asks = (name: string, method: string): boolean => method === "GET" || name === "explain";
    for (const [name, route] of all)
      assert.equal(route.scope === "rescind:read", asks(name, route.method), name);
  });
});
