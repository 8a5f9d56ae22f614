// CORS as CONTRACT.md section 3 says: a preflight where any client has the origin, the answer only where this client
// has it, never with credentials; discovery and keys for everyone.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const app = "https://app.example";
const other = "https://other.example";
const spa = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };
const ofApp = await server.registerClient({ ...spa, allowed_origins: [app] });
const ofOther = await server.registerClient({ ...spa, allowed_origins: [other, "capacitor://localhost"] });
const endpoints = ["/oauth2/token", "/oauth2/revoke", "/oauth2/token/revoke", "/oauth2/introspect"];

async function preflight(path: string, origin: string): Promise<Answered> {
  const headers = {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "dpop",
  };
  return server.request(path, { method: "OPTIONS", headers });
}

async function post(path: string, origin: string, form: Record<string, string>): Promise<Answered> {
  return server.request(path, { method: "POST", headers: { origin }, body: new URLSearchParams(form) });
}

function allowedOrigin({ headers }: Answered): string | null {
  assert.equal(headers.get("access-control-allow-credentials"), null);
  assert.match(headers.get("vary") ?? "", /Origin/i);
  return headers.get("access-control-allow-origin");
}

test("WEB-02 a preflight is answered for an origin that any client has, and for no other", async () => {
  for (const path of endpoints) {
    for (const origin of [app, other, "capacitor://localhost"]) {
      const answer = await preflight(path, origin);
      assert.equal(answer.status, 204);
      assert.equal(allowedOrigin(answer), origin);
      assert.match(answer.headers.get("access-control-allow-methods") ?? "", /POST/);
      const allowed = answer.headers.get("access-control-allow-headers");
      assert.deepEqual(allowed?.split(", "), ["Authorization", "Content-Type", "DPoP", "Prefer"]);
    }
    for (const origin of [
      "https://evil.example",
      "null",
      "https://app.example.evil.example",
      "http://app.example",
    ])
      assert.equal(allowedOrigin(await preflight(path, origin)), null, origin);
  }
});

test("WEB-02 an answer is readable only for an origin of the client that the request names", async () => {
  const form = { token: "made-up", client_id: ofApp.client_id };
  const answer = await post("/oauth2/revoke", app, form);
  assert.equal(answer.status, 200);
  assert.equal(allowedOrigin(answer), app);
  const exposed = answer.headers.get("access-control-expose-headers")?.split(", ");
  const names = ["WWW-Authenticate", "Rescind-Seq", "Rescind-Effective", "Preference-Applied", "Retry-After"];
  assert.deepEqual(exposed, names);
  assert.equal(allowedOrigin(await post("/oauth2/revoke", other, form)), null, "another client's origin");
  assert.equal(
    allowedOrigin(await post("/oauth2/revoke", app, { ...form, client_id: ofOther.client_id })),
    null,
  );
  assert.equal(allowedOrigin(await post("/oauth2/revoke", app, { ...form, client_id: "unknown" })), null);
  assert.equal(allowedOrigin(await post("/oauth2/revoke", app, { token: "x" })), null);
});

test("errors are readable for the client's origin too", async () => {
  const client_id = ofApp.client_id;
  const { access_token } = await server.openGrant(ofOther);
  for (const [status, answer] of [
    [400, await post("/oauth2/revoke", app, { client_id })],
    [400, await post("/oauth2/revoke", app, { client_id, token: String(access_token) })],
    [400, await post("/oauth2/token", app, { client_id, grant_type: "refresh_token", refresh_token: "x" })],
    [401, await post("/oauth2/introspect", app, { client_id, token: "x" })],
    [401, await post("/oauth2/token", app, { client_id, client_secret: "x", grant_type: "refresh_token" })],
  ] as const) {
    assert.equal(answer.status, status, answer.text);
    assert.equal(allowedOrigin(answer), app, answer.text);
  }
});

test("an origin taken from the client is refused at once", async () => {
  const client = await server.registerClient({ ...spa, allowed_origins: ["https://brief.example"] });
  const form = { token: "x", client_id: client.client_id };
  assert.equal(
    allowedOrigin(await post("/oauth2/revoke", "https://brief.example", form)),
    "https://brief.example",
  );
  await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, { allowed_origins: [] });
  assert.equal(allowedOrigin(await post("/oauth2/revoke", "https://brief.example", form)), null);
  assert.equal(allowedOrigin(await preflight("/oauth2/revoke", "https://brief.example")), null);
});

test("discovery and keys are for every origin, without credentials", async () => {
  const documents = ["openid-configuration", "oauth-authorization-server"].map(
    (name) => `/.well-known/${name}`,
  );
  for (const path of [...documents, "/oauth2/jwks", "/revocations/jwks"]) {
    const { headers } = await server.request(path, { headers: { origin: "https://evil.example" } });
    assert.equal(headers.get("access-control-allow-origin"), "*", path);
    assert.equal(headers.get("access-control-allow-credentials"), null);
    const asked = await preflight(path, "https://evil.example");
    assert.equal(asked.status, 204, path);
    assert.equal(asked.headers.get("access-control-allow-origin"), "*", path);
    assert.equal(asked.headers.get("access-control-allow-credentials"), null);
    const refused = await server.request(path, { method: "POST" });
    assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
  }
});

test("WEB-02 admin API and feed answer no origin at all", async () => {
  const authorization = `Bearer ${await server.adminToken()}`;
  for (const path of ["/admin/v1/clients", "/revocations/settings", "/metrics"]) {
    const { headers } = await server.request(path, { headers: { origin: app, authorization } });
    assert.equal(headers.get("access-control-allow-origin"), null, path);
    const asked = await server.request(path, { method: "OPTIONS", headers: { origin: app } });
    assert.equal(asked.headers.get("access-control-allow-origin"), null, path);
  }
});
