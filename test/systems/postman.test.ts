// Box's row: the Postman collection, run in order as Postman would, so that it cannot rot: every request stands in the
// OpenAPI document and is answered, and every variable that a request uses is given or set by one before it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { basic, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

interface Pair {
  readonly key: string;
  readonly value: string;
}

interface Item {
  readonly name: string;
  readonly event?: readonly { readonly script: { readonly exec: readonly string[] } }[];
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly auth: { readonly basic?: readonly Pair[]; readonly bearer?: readonly Pair[] };
    readonly header: readonly Pair[];
    readonly body?: { readonly raw?: string; readonly urlencoded?: readonly Pair[] };
  };
}

interface Collection {
  readonly info: { readonly schema: string };
  readonly variable: readonly Pair[];
  readonly item: readonly Item[];
}

const file = join(import.meta.dirname, "../../examples/postman/rescind.postman_collection.json");
const collection: Collection = JSON.parse(readFileSync(file, "utf8"));

test("the Postman collection: every request in order is answered with success", async () => {
  assert.match(collection.info.schema, /v2\.1\.0/);
  const variables = new Map(collection.variable.map(({ key, value }) => [key, value]));
  variables.set("issuer", server.issuer);
  variables.set("admin_secret", server.adminSecret);
  const filled = (text: string, name: string): string =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (_all, key: string) => {
      const value = variables.get(key);
      assert.ok(value, `${name} uses {{${key}}}, which nothing before it has set`);
      return value;
    });
  for (const { name, event, request } of collection.item) {
    const { method, url, auth, header, body } = request;
    const [user = "", password = ""] = (auth.basic ?? []).map(({ value }) => filled(value, name));
    const [token = ""] = (auth.bearer ?? []).map(({ value }) => filled(value, name));
    const headers = new Headers(header.map(({ key, value }): [string, string] => [key, value]));
    headers.set("authorization", auth.basic === undefined ? `Bearer ${token}` : basic(user, password));
    const form = body?.urlencoded?.map(({ key, value }): [string, string] => [key, filled(value, name)]);
    const raw = body?.raw === undefined ? undefined : filled(body.raw, name);
    const sent = form === undefined ? raw : new URLSearchParams(form);
    const response = await fetch(filled(url, name), {
      method,
      headers,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${name}: ${response.status} ${text}`);
    const pm = {
      response: { json: () => JSON.parse(text) },
      collectionVariables: { set: (key: string, value: string) => variables.set(key, value) },
    };
    for (const { script } of event ?? []) new Function("pm", script.exec.join("\n"))(pm);
  }
});

test("the Postman collection: every request stands in the OpenAPI document", async () => {
  const { json } = await server.request("/openapi.json");
  const known = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "*")}`),
  );
  for (const { name, request } of collection.item) {
    const path = request.url
      .replace("{{issuer}}", "")
      .replace(/\?.*/, "")
      .replaceAll(/\{\{\w+\}\}/g, "*");
    assert.ok(known.includes(`${request.method} ${path}`), `${name}: ${request.method} ${path}`);
  }
});
