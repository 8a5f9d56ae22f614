// /openapi.json: every route is described and every route that is described answers.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accountRoutes, routes as adminRoutes, type Route } from "@rescind/admin-api";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

interface Operation {
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, object>;
}

const { status, headers, json } = await server.request("/openapi.json");
const paths = json.paths as Record<string, Record<string, Operation>>; // OpenAPI 3.1

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

test("the document is OpenAPI 3.1 of this server, for everyone", () => {
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert.match(String(json.openapi), /^3\.1\./);
  const info = json.info as Record<string, unknown>; // OpenAPI 3.1
  assert.ok(typeof info.title === "string" && typeof info.version === "string");
  assert.deepEqual(json.servers, [{ url: server.issuer }]);
});

test("every route that is described answers, none by 404 or 405", async () => {
  for (const { path, method } of operations) {
    const url = path.replaceAll(/\{\w+\}/g, "x");
    const answer = await server.request(url, { method, ...(method === "POST" ? { body: "" } : {}) });
    assert.ok(answer.status < 500, `${method} ${path}: ${answer.status}`);
    assert.ok(![404, 405].includes(answer.status), `${method} ${path}: ${answer.status}`);
  }
});

test("below an issuer with a path every route that is described answers too, health at the root as well", async () => {
  const below = await startTestServer(["--issuer", "http://127.0.0.1/auth"]);
  try {
    for (const path of [...Object.keys(paths).filter((one) => !one.includes("{")), "/openapi.json"]) {
      const answer = await fetch(`${below.base}${path}`, { method: "HEAD", redirect: "manual" });
      assert.notEqual(answer.status, 404, path);
    }
    const root = below.base.replace(/\/auth$/, "");
    for (const path of ["/healthz", "/readyz", "/openapi.json"])
      assert.equal((await fetch(`${root}${path}`)).status, 200, path);
  } finally {
    await below.close();
  }
});

test("what RFC 8628 takes is described: a scope for the device, its code for the token", () => {
  const fields = (path: string): string[] => {
    const body = paths[path]?.post?.requestBody?.content["application/x-www-form-urlencoded"]?.schema;
    return Object.keys((body as { properties: object }).properties); // as our document writes forms
  };
  assert.ok(fields("/oauth2/token").includes("device_code"));
  for (const name of ["client_id", "scope", "resource"])
    assert.ok(fields("/oauth2/device_authorization").includes(name), name);
});

test("every route of the admin and account contracts is described with its body, its answers and its scope", () => {
  for (const [name, route] of Object.entries({ ...adminRoutes, ...accountRoutes }) as [string, Route][]) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    const operation = paths[path]?.[route.method.toLowerCase()];
    assert.ok(operation !== undefined, name);
    assert.deepEqual(operation.security, [{ bearer: [route.scope] }], name);
    const body = operation.requestBody?.content["application/json"]?.schema;
    assert.deepEqual(
      body,
      route.body === undefined ? undefined : JSON.parse(JSON.stringify(route.body)),
      name,
    );
    for (const code of Object.keys(route.answers))
      assert.ok(operation.responses[code] !== undefined, `${name} ${code}`);
    assert.ok(operation.responses.default !== undefined, name);
  }
});

test("every path of CONTRACT.md that is built now is described", () => {
  const built = [
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/token/revoke",
    "/oauth2/introspect",
    "/oauth2/jwks",
  ];
  const feed = ["settings", "snapshot", "acks", "jwks"].map((name) => `/revocations/${name}`);
  const wellKnown = ["openid-configuration", "oauth-authorization-server"].map(
    (name) => `/.well-known/${name}`,
  );
  for (const path of [...built, "/revocations", ...feed, ...wellKnown, "/healthz", "/readyz", "/metrics"])
    assert.ok(path in paths, path);
});

test("every parameter in a path is declared, every body has a schema, every reference leads somewhere", () => {
  for (const { path, method, operation } of operations) {
    const declared =
      (operation as { parameters?: { name: string; in: string; schema?: object }[] }).parameters ?? [];
    for (const [, name] of path.matchAll(/\{(\w+)\}/g))
      assert.ok(
        declared.some((parameter) => parameter.name === name && parameter.in === "path" && parameter.schema),
        `${method} ${path} ${name}`,
      );
    for (const [type, content] of Object.entries(operation.requestBody?.content ?? {}))
      assert.equal((content.schema as { type?: string }).type, "object", `${method} ${path} ${type}`);
    assert.ok((operation.summary ?? "").length > 0, `${method} ${path} has no summary`);
  }
  for (const [, pointer = ""] of JSON.stringify(json).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = pointer
      .split("/")
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], json);
    assert.ok(target !== undefined, pointer);
  }
});

test("other methods of every path are 405 with Allow", async () => {
  for (const path of Object.keys(paths)) {
    const described = Object.keys(paths[path] ?? {}).map((method) => method.toUpperCase());
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      if (described.includes(method)) continue;
      const answer = await server.request(path.replaceAll(/\{\w+\}/g, "x"), { method });
      assert.equal(answer.status, 405, `${method} ${path}`);
      const allowed = answer.headers.get("allow")?.split(", ") ?? [];
      for (const one of described) assert.ok(allowed.includes(one), `${path}: Allow lacks ${one}`);
    }
  }
});
