// What console and CLI read: settings, signing keys, verifiers, audit. CONTRACT.md section 5.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Route, routes } from "@rescind/admin-api";
import { Compile } from "typebox/compile";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function fedToken(): Promise<string> {
  return server.tokenWithScope("rescind:feed");
}

test("a verifier is listed with what it has applied and how far it is behind", async () => {
  const token = await fedToken();
  const { head } = (await server.admin("GET", "/admin/v1/settings")).json;
  const body = {
    verifier: "v1",
    name: "Orders",
    applied: head,
    max_staleness: 5,
    nonce: "12345678",
    counts: { checks: 3, refusals: 1, revoked_uses: 1 },
  };
  const lease = await server.request("/revocations/acks", {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(lease.status, 200, lease.text);
  await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_x" } });
  const [item] = (await server.admin("GET", "/admin/v1/verifiers")).json.items as Record<string, unknown>[];
  const { verifier, name, applied, lag, max_staleness, counts } = item ?? {};
  assert.deepEqual(
    { verifier, name, applied, lag, max_staleness, counts },
    { verifier: "v1", name: "Orders", applied: head, lag: 1, max_staleness: 5, counts: body.counts },
  );
});

test("signing keys: one for each use at the first start, public data only", async () => {
  const list = await server.admin("GET", "/admin/v1/signing-keys");
  const items = list.json.items as Record<string, unknown>[];
  assert.deepEqual(items.map(({ use, alg, status }) => `${use} ${alg} ${status}`).sort(), [
    "access ES256 signing",
    "feed EdDSA signing",
    "id ES256 signing",
    "id RS256 signing",
  ]);
  assert.ok(!/"d"|sealed/.test(list.text));
});

test("every change leaves an audit record that names who made it, without secrets", async () => {
  const client = await server.registerClient();
  await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, { name: "Renamed" });
  const key = await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`);
  const grant = await server.openGrant(client, "usr_audited");
  await server.admin("POST", "/admin/v1/resources", { resource: "https://audited.example" });
  const audit = await server.admin("GET", "/admin/v1/audit?actor=admin&limit=1000");
  const records = audit.json.items as {
    number: number;
    action: string;
    actor: unknown;
    content: Record<string, unknown>;
  }[];
  const about = records.filter(
    ({ content }) => content.client_id === client.client_id || content.resource === "https://audited.example",
  );
  assert.deepEqual(
    about.map(({ action }) => action),
    ["resource.put", "grant.opened", "key.created", "client.updated", "client.created"],
  );
  for (const record of about) assert.deepEqual(record.actor, { kind: "admin", id: "admin" });
  for (const text of [
    client.client_secret,
    String(key.json.client_secret),
    grant.access_token,
    grant.refresh_token,
  ])
    assert.ok(!audit.text.includes(text ?? "-"));
  const numbers = records.map(({ number }) => number);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => b - a),
  );
  const only = await server.admin("GET", "/admin/v1/audit?action=grant.opened");
  assert.ok((only.json.items as { action: string }[]).every(({ action }) => action === "grant.opened"));
});

test("every answer has the shape that the contract's table promises", async () => {
  const client = await server.registerClient({ custom_claims: { a: 1 } });
  const grant = await server.openGrant(client);
  const made = await server.admin("POST", "/admin/v1/revocations", {
    select: { grant_id: grant.grant_id },
    note: "n",
  });
  const keyId = client.keys[0]?.key_id;
  const path = `/admin/v1/clients/${client.client_id}`;
  const hook = { url: "http://127.0.0.1:1/events", client_id: client.client_id };
  const { json: subscribed } = await server.admin("POST", "/admin/v1/subscriptions", hook);
  const subscription = `/admin/v1/subscriptions/${subscribed.subscription_id}`;
  const other = await server.admin("POST", `${path}/keys`);
  const upstream = {
    upstream_id: "shape",
    name: "Shape",
    issuer: "http://127.0.0.1:1",
    client_id: "rescind",
  };
  const provider = { ...upstream, client_secret: "made up", enabled: false };
  const calls: [keyof typeof routes, string, unknown?][] = [
    ["createClient", "/admin/v1/clients", { name: "x", grant_types: ["client_credentials"] }],
    ["listClients", "/admin/v1/clients"],
    ["readClient", path],
    ["changeClient", path, { name: "y" }],
    ["createKey", `${path}/keys`, {}],
    ["suspendKey", `/admin/v1/keys/${keyId}/revoke`, {}],
    ["approveKey", `/admin/v1/keys/${keyId}/approve`, {}],
    ["rotateKey", `/admin/v1/keys/${other.json.key_id}/rotate`, {}],
    ["deleteKey", `/admin/v1/keys/${other.json.key_id}`],
    ["suspendClient", `${path}/revoke`, {}],
    ["approveClient", `${path}/approve`, {}],
    [
      "putResource",
      "/admin/v1/resources",
      { resource: "https://shape.example", name: "r", access_token_ttl: 5 },
    ],
    ["listResources", "/admin/v1/resources"],
    [
      "putIssuer",
      "/admin/v1/issuers",
      { issuer: "https://shape.example", jwks_uri: "https://shape.example/jwks" },
    ],
    ["listIssuers", "/admin/v1/issuers"],
    [
      "createUser",
      "/admin/v1/users",
      { username: "shape", sub: "usr_shape", email: "a@b.example", name: "n" },
    ],
    ["changeUser", "/admin/v1/users/usr_shape", { claims: { a: [1] }, roles: ["viewer"] }],
    ["readUser", "/admin/v1/users/usr_shape"],
    ["listUsers", "/admin/v1/users"],
    ["createSetupLink", "/admin/v1/users/usr_shape/setup-link"],
    ["listSessions", "/admin/v1/sessions"],
    ["listConsents", "/admin/v1/consents"],
    ["openGrant", "/admin/v1/grants", { client_id: client.client_id, subject: "usr_shape" }],
    ["listGrants", "/admin/v1/grants"],
    ["readGrantFamily", `/admin/v1/grants/${grant.grant_id}/family`],
    ["listTokens", "/admin/v1/tokens"],
    [
      "importToken",
      "/admin/v1/tokens/import",
      {
        token: "made-elsewhere-0123456789",
        client_id: client.client_id,
        subject: "usr_shape",
        expires_at: new Date(Date.now() + 600_000).toISOString(),
      },
    ],
    ["explain", "/admin/v1/explain", { grant_id: grant.grant_id }],
    ["revokeMany", "/admin/v1/revocations/bulk", { tokens: ["unknown"], grant_ids: [grant.grant_id] }],
    ["revoke", "/admin/v1/revocations", { select: { subject: "usr_shape" } }],
    ["revoke", "/admin/v1/revocations", { select: { subject: "usr_shape" }, dry_run: true }],
    ["listRevocations", "/admin/v1/revocations"],
    ["lift", `/admin/v1/revocations/${made.json.id}/lift`, {}],
    ["listAudit", "/admin/v1/audit"],
    ["verifyAudit", "/admin/v1/audit/verify"],
    ["createSubscription", "/admin/v1/subscriptions", { url: "http://127.0.0.1:1/all" }],
    ["listSubscriptions", "/admin/v1/subscriptions"],
    ["readSubscription", subscription],
    ["listDeliveries", "/admin/v1/deliveries"],
    ["cancelSubscription", subscription],
    ["listVerifiers", "/admin/v1/verifiers"],
    ["readVerifierHistory", "/admin/v1/verifiers/history"],
    ["readSettings", "/admin/v1/settings"],
    ["listSigningKeys", "/admin/v1/signing-keys"],
    ["rotateSigningKeys", "/admin/v1/signing-keys/rotate", {}],
    ["readUserSignIn", "/admin/v1/users/usr_shape/sign-in"],
    ["resetFactors", "/admin/v1/users/usr_shape/second-factors"],
    ["createUpstream", "/admin/v1/upstreams", provider],
    ["listUpstreams", "/admin/v1/upstreams"],
    ["readUpstream", "/admin/v1/upstreams/shape"],
    ["changeUpstream", "/admin/v1/upstreams/shape", { name: "Other" }],
    ["checkUpstream", "/admin/v1/upstreams/shape/check"],
    ["listUpstreamTokens", "/admin/v1/upstreams/shape/tokens"],
    ["deleteUpstream", "/admin/v1/upstreams/shape"],
    ["deleteUser", "/admin/v1/users/usr_shape"],
    ["deleteClient", path],
  ];
  for (const [name, url, body] of calls) {
    const route: Route = routes[name];
    const answer = await server.admin(route.method, url, body);
    assert.ok(String(answer.status) in route.answers, `${name}: ${answer.status} ${answer.text}`);
    const schema = route.answers[answer.status];
    if (schema === undefined) assert.equal(answer.text, "");
    else assert.deepEqual(Compile(schema).Errors(answer.json), [], `${name}: ${answer.text}`);
  }
  // Lines are no JSON document, a delivery must have ended before it is sent again, and tokens and identities of a
  // provider come by signing in there: tests of their own hold these.
  const apart = ["exportAudit", "resendDelivery", "retryUpstreamToken", "removeIdentity"];
  assert.deepEqual(new Set([...calls.map(([name]) => name), ...apart]), new Set(Object.keys(routes)));
});
