// Discovery: RFC 8414 and OpenID Connect Discovery. It lists only what answers, and nothing a request says changes it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const documents = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

for (const path of documents) {
  test(`${path} has what RFC 8414 2 requires and what the contract adds`, async () => {
    const { status, headers, json } = await server.request(path);
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(json.issuer, server.issuer);
    assert.equal(json.token_endpoint, `${server.issuer}/oauth2/token`);
    assert.equal(json.revocation_endpoint, `${server.issuer}/oauth2/revoke`);
    assert.equal(json.introspection_endpoint, `${server.issuer}/oauth2/introspect`);
    assert.deepEqual(json.response_types_supported, ["code"]);
    assert.deepEqual(json.response_modes_supported, ["query", "form_post"]);
    assert.deepEqual(json.code_challenge_methods_supported, ["S256"]);
    assert.equal(json.authorization_response_iss_parameter_supported, true);
    assert.equal(json.authorization_endpoint, `${server.issuer}/oauth2/authorize`);
    assert.equal(json.pushed_authorization_request_endpoint, `${server.issuer}/oauth2/par`);
    assert.equal(json.userinfo_endpoint, `${server.issuer}/oauth2/userinfo`);
    assert.equal(json.end_session_endpoint, `${server.issuer}/oauth2/logout`);
    assert.equal(json.request_uri_parameter_supported, false);
    assert.equal(json.rescind_revocations_endpoint, `${server.issuer}/revocations`);
    assert.equal(json.rescind_feed_jwks_uri, `${server.issuer}/revocations/jwks`);
  });
}

test("both documents are the same", async () => {
  const [oidc, oauth] = await Promise.all(documents.map((path) => server.request(path)));
  assert.deepEqual(oidc?.json, oauth?.json);
});

test("revocation lists the method none, introspection does not", async () => {
  const { json } = await server.request(documents[1] ?? "");
  const methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
  assert.deepEqual(
    new Set(json.revocation_endpoint_auth_methods_supported as string[]),
    new Set([...methods, "none"]),
  );
  assert.deepEqual(new Set(json.introspection_endpoint_auth_methods_supported as string[]), new Set(methods));
});

test("every endpoint that is listed answers", async () => {
  const { json } = await server.request(documents[0] ?? "");
  const urls = Object.values(json).filter((value) => String(value).startsWith(`${server.issuer}/`));
  assert.ok(urls.length >= 10);
  for (const url of urls) {
    const answer = await fetch(String(url));
    assert.notEqual(answer.status, 404, String(url));
    assert.ok(answer.status < 500, String(url));
  }
});

test("every grant type that is listed is known to the token endpoint", async () => {
  const { json } = await server.request(documents[0] ?? "");
  const grant_types = json.grant_types_supported as string[]; // RFC 8414
  const client = await server.registerClient({ grant_types, redirect_uris: ["https://app.example/"] });
  for (const grant_type of grant_types) {
    const answer = await server.form("/oauth2/token", { grant_type }, client);
    assert.ok(
      !["unsupported_grant_type", "unauthorized_client"].includes(String(answer.json.error)),
      grant_type,
    );
  }
});

test("JWKS documents hold public keys only, cacheable for 300 seconds, the feed's apart (JW-12)", async () => {
  const kids: string[][] = [];
  for (const path of ["/oauth2/jwks", "/revocations/jwks"]) {
    const { status, headers, json } = await server.request(path);
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^application\/(jwk-set\+)?json$/);
    assert.match(headers.get("cache-control") ?? "", /\bmax-age=300\b/);
    assert.equal(headers.get("access-control-allow-origin"), "*");
    const keys = json.keys as Record<string, string>[]; // RFC 7517
    for (const key of keys) {
      for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k", "oth"]) assert.ok(!(secret in key), secret);
      assert.ok(key.kid !== undefined && key.alg !== undefined && key.use === "sig");
    }
    kids.push(keys.map((key) => String(key.kid)));
  }
  const [access = [], feed = []] = kids;
  assert.ok(access.length >= 2 && feed.length >= 1);
  assert.deepEqual(
    feed.filter((kid) => access.includes(kid)),
    [],
  );
});

test("WEB-24 no header of a request changes what discovery says", async () => {
  const plain = await server.request(documents[0] ?? "");
  for (const headers of [
    { host: "evil.example" },
    { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-prefix": "/evil" },
    { forwarded: "host=evil.example;proto=https" },
    { "x-original-url": "/admin/v1/clients", "x-rewrite-url": "/admin/v1/clients" },
  ] as Record<string, string>[]) {
    const answer = await server.request(documents[0] ?? "", { headers });
    assert.equal(answer.text, plain.text, JSON.stringify(headers));
  }
});

test("RFC 8414 3.1: an issuer with a path has its documents appended and inserted, and its endpoints below", async () => {
  const tenant = await startTestServer(["--issuer", "https://as.example/tenants/one"]);
  try {
    const root = new URL(tenant.base).origin;
    for (const url of [
      `${tenant.base}/.well-known/openid-configuration`,
      `${tenant.base}/.well-known/oauth-authorization-server`,
      `${root}/.well-known/oauth-authorization-server/tenants/one`,
      `${root}/.well-known/openid-configuration/tenants/one`,
    ]) {
      const answer = await fetch(url);
      assert.equal(answer.status, 200, url);
      const json = (await answer.json()) as Record<string, unknown>; // RFC 8414
      assert.equal(json.issuer, "https://as.example/tenants/one");
      assert.equal(json.token_endpoint, "https://as.example/tenants/one/oauth2/token");
    }
    assert.equal((await fetch(`${root}/oauth2/token`, { method: "POST" })).status, 404);
    assert.equal((await fetch(`${root}/healthz`)).status, 200);
    const client = await tenant.registerClient();
    assert.equal(
      (await tenant.introspect(await tenant.clientToken(client))).iss,
      "https://as.example/tenants/one",
    );
  } finally {
    await tenant.close();
  }
});
