// oidcc-config-certification-test-plan: what discovery says of a server with an https issuer.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";

const issuer = "https://op.example";
const server = await startTestServer(["--issuer", issuer]);
after(() => server.close());

const answer = await server.request("/.well-known/openid-configuration");
const metadata = answer.json;
const list = (name: string): string[] => metadata[name] as string[]; // each use checks what is in it

test("oidcc-discovery-endpoint-verification: JSON for everybody, with the issuer exactly as it was asked for", () => {
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(metadata.issuer, issuer);
});

test("oidcc-discovery-endpoint-verification: every endpoint is an https URL, and those that must be are there", () => {
  const urls = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name));
  for (const [name, url] of urls) assert.equal(new URL(String(url)).origin, issuer, name);
  for (const name of ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"])
    assert.ok(
      urls.some(([there]) => there === name),
      name,
    );
});

test("oidcc-discovery-endpoint-verification: every endpoint that is listed answers", async () => {
  for (const [name, url] of Object.entries(metadata)) {
    if (!/_endpoint$|_uri$/.test(name)) continue;
    const { status } = await server.request(new URL(String(url)).pathname);
    assert.ok(status < 500 && status !== 404, `${name}: ${status}`);
  }
});

test("oidcc-discovery-endpoint-verification: response types, subjects, algorithms, grants and scopes are what there is", () => {
  assert.deepEqual(list("response_types_supported"), ["code"]);
  assert.deepEqual([...list("response_modes_supported")].sort(), ["form_post", "query"]);
  assert.deepEqual(list("subject_types_supported"), ["public"]);
  assert.ok(list("id_token_signing_alg_values_supported").includes("RS256"));
  assert.ok(list("grant_types_supported").includes("authorization_code"));
  assert.ok(list("code_challenge_methods_supported").includes("S256"));
  assert.ok(list("scopes_supported").includes("openid"));
  for (const scope of list("scopes_supported")) assert.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/);
  for (const name of Object.keys(metadata).filter((member) => member.endsWith("_supported"))) {
    const value = metadata[name];
    assert.ok(typeof value === "boolean" || (Array.isArray(value) && value.length > 0), name);
  }
  assert.ok(list("claims_supported").includes("sub"));
});

test("oidcc-discovery-endpoint-verification: what is not supported is not claimed", () => {
  assert.notEqual(metadata.request_parameter_supported, true);
  assert.equal(metadata.request_uri_parameter_supported, false);
  assert.notEqual(metadata.claims_parameter_supported, true);
  assert.equal(metadata.registration_endpoint, undefined);
});

test("oidcc-discovery-endpoint-verification: the published keys are public, distinct and usable", async () => {
  const { status, json } = await server.request(new URL(String(metadata.jwks_uri)).pathname);
  assert.equal(status, 200);
  const keys = json.keys as Record<string, string>[]; // each member is checked below
  assert.ok(keys.length > 0);
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
  for (const key of keys) {
    assert.ok(["RSA", "EC", "OKP"].includes(String(key.kty)));
    for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) assert.equal(secret in key, false, secret);
    assert.ok(key.kid && key.alg);
    assert.equal(key.use ?? "sig", "sig");
  }
  assert.ok(keys.some(({ alg }) => alg === "RS256"));
});
