// Grant Management for OAuth 2.0 (FAPI), query and revoke: a client manages its own grants at /grants/{grant_id}, an
// administrator all of them, and nobody learns whether somebody else's exists.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { lockDatabase } from "../faults/database-lock.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const server = await startTestServer();
after(() => server.close());

const scope = "read write offline_access grant_management_query grant_management_revoke";
const api = "https://api.example";

interface App extends RegisteredClient {
  /** A Bearer token of its own with both scopes. */
  readonly bearer: string;
}

async function registerApp(more: Record<string, unknown> = {}): Promise<App> {
  const client = await server.registerClient({ scope, audience: [server.issuer, api], ...more });
  return { ...client, bearer: `Bearer ${await server.clientToken(client)}` };
}

await server.admin("POST", "/admin/v1/resources", { resource: api });
const app = await registerApp();
const other = await registerApp();

async function ask(
  method: "GET" | "DELETE",
  grantId: unknown,
  authorization: string = app.bearer,
  headers: Record<string, string> = {},
): Promise<Answered> {
  return server.request(`/grants/${grantId}`, { method, headers: { authorization, ...headers } });
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function head(): Promise<unknown> {
  return (await server.introspect(await server.adminToken())).head;
}

function assertUnknown(answer: Answered): void {
  assert.equal(answer.status, 404, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  assert.equal(answer.json.code, "not-found");
  assert.equal(answer.headers.get("rescind-seq"), null);
}

test("metadata names the endpoint, the actions and the scopes", async () => {
  const { json } = await server.request("/.well-known/openid-configuration");
  assert.equal(json.grant_management_endpoint, `${server.issuer}/grants`);
  assert.deepEqual(json.grant_management_actions_supported, ["query", "revoke"]);
  const scopes = json.scopes_supported as string[]; // RFC 8414
  for (const one of ["grant_management_query", "grant_management_revoke"]) assert.ok(scopes.includes(one));
});

test("GET tells what a grant allows: its scopes, and its resources beside the issuer", async () => {
  const plain = await server.openGrant(app, "usr_alice", { scope: "read write" });
  const { status, headers, json } = await ask("GET", plain.grant_id);
  assert.equal(status, 200);
  assert.match(headers.get("cache-control") ?? "", /no-store/);
  assert.deepEqual(json, { scopes: [{ scope: "read write" }] });
  const bound = await server.openGrant(app, "usr_alice", { scope: "read", resource: api });
  assert.deepEqual((await ask("GET", bound.grant_id)).json, {
    scopes: [{ scope: "read", resources: [api] }],
  });
});

test("DELETE ends every token of the grant, JWT and opaque, and of no other; 204 with Rescind-Seq", async () => {
  for (const access_token_format of ["jwt", "opaque"]) {
    const owner = await registerApp({ access_token_format });
    const [gone, kept] = [await server.openGrant(owner), await server.openGrant(owner)];
    const form = { grant_type: "refresh_token", refresh_token: String(gone.refresh_token) };
    const { json } = await server.form("/oauth2/token", form, owner);
    const answer = await ask("DELETE", gone.grant_id, owner.bearer);
    assert.equal(answer.status, 204);
    assert.equal(answer.text, "");
    assert.match(answer.headers.get("rescind-seq") ?? "", /^\d+$/);
    for (const token of [gone.access_token, json.access_token, json.refresh_token])
      assert.equal(await isLive(token), false);
    for (const token of [kept.access_token, kept.refresh_token]) assert.equal(await isLive(token), true);
    assertUnknown(await ask("GET", gone.grant_id, owner.bearer));
    assert.equal((await ask("GET", kept.grant_id, owner.bearer)).status, 200);
  }
});

test("C4 a person's token reaches that person's grants of its client and nobody else's", async () => {
  const granted = "read grant_management_query grant_management_revoke";
  const [mine, next, theirs] = await Promise.all([
    server.openGrant(app, "usr_mine", { scope: granted }),
    server.openGrant(app, "usr_mine"),
    server.openGrant(app, "usr_theirs"),
  ]);
  const bearer = `Bearer ${mine.access_token}`;
  assertUnknown(await ask("GET", theirs.grant_id, bearer));
  assertUnknown(await ask("DELETE", theirs.grant_id, bearer));
  assert.equal(await isLive(theirs.access_token), true);
  const { json } = await server.admin("GET", "/admin/v1/audit?action=revocation.refused&limit=1");
  const [record] = json.items as { content: { grant_id: string } }[]; // the admin API's own list
  assert.equal(record?.content.grant_id, theirs.grant_id);
  assert.equal((await ask("GET", next.grant_id, bearer)).status, 200);
  assert.equal((await ask("DELETE", next.grant_id, bearer)).status, 204);
});

test("repeating DELETE is harmless: 204, the same Rescind-Seq as the head, nothing appended", async () => {
  const { grant_id } = await server.openGrant(app);
  const first = await ask("DELETE", grant_id);
  const again = await ask("DELETE", grant_id);
  assert.equal(again.status, 204);
  assert.equal(again.headers.get("rescind-seq"), first.headers.get("rescind-seq"));
});

test("a grant that something wider covers is 404 too: its subject, its client with its subject", async () => {
  for (const select of [{ subject: "usr_wide" }, { subject: "usr_wide", client_id: app.client_id }]) {
    const { grant_id } = await server.openGrant(app, "usr_wide");
    assert.equal((await ask("GET", grant_id)).status, 200);
    const ordered = await server.admin("POST", "/admin/v1/revocations", { select });
    assertUnknown(await ask("GET", grant_id));
    await server.admin("POST", `/admin/v1/revocations/${ordered.json.id}/lift`);
    assert.equal((await ask("GET", grant_id)).status, 200, "back after the lift");
  }
});

test("an order on a foreign issuer's subject of the same name leaves the grant alone", async (t) => {
  const provider = await IdentityProvider.start();
  t.after(() => provider.close());
  await provider.registerAt(server);
  const { grant_id, access_token } = await server.openGrant(app, "usr_namesake");
  const sub_id = { format: "iss_sub", iss: provider.issuer, sub: "usr_namesake" };
  assert.equal((await server.admin("POST", "/global-token-revocation", { sub_id })).status, 204);
  assert.equal(await isLive(access_token), true);
  assert.equal((await ask("GET", grant_id)).status, 200);
});

test("a grant whose tokens have all expired is 404", async () => {
  const brief = await registerApp({ refresh_token_ttl: 1, access_token_ttl: 1 });
  const { grant_id, access_token } = await server.openGrant(brief);
  await until(async () => !(await isLive(access_token)));
  const { client_id, client_secret } = brief;
  const fresh = async () => `Bearer ${await server.clientToken({ client_id, client_secret, keys: [] })}`;
  await until(async () => (await ask("GET", grant_id, await fresh())).status === 404);
});

test("somebody else's grant and an unknown one are told apart by nothing, and the attempt is recorded", async () => {
  const { grant_id, access_token } = await server.openGrant(app);
  const unknown = "gnt_1234567890123456";
  const before = await head();
  for (const method of ["GET", "DELETE"] as const) {
    const shapes = new Set<string>();
    for (const id of [grant_id, unknown, "x", "gnt_0", "%00", "gnt_99999999999999999999"]) {
      const answer = await ask(method, id, other.bearer);
      if (id === grant_id || id === unknown) assertUnknown(answer);
      const told = [...answer.headers].filter(([name]) => !["date", "x-request-id"].includes(name));
      shapes.add(JSON.stringify([answer.status, told, answer.text]));
    }
    assert.equal(shapes.size, 1, [...shapes].join("\n"));
  }
  assert.equal(await head(), before);
  assert.equal(await isLive(access_token), true);
  for (const action of ["revocation.refused", "grant.refused"]) {
    const { json } = await server.admin("GET", `/admin/v1/audit?action=${action}`);
    const items = json.items as { actor: { id: string }; content: Record<string, unknown> }[]; // AuditItem
    const ours = items.filter(
      ({ actor, content }) => actor.id === other.client_id && content.grant_id === grant_id,
    );
    assert.equal(ours.length, 1, action);
  }
});

test("the order of a client is final and names it; that of an administrator cannot be lifted either", async () => {
  const own = await server.openGrant(app);
  const theirs = await server.openGrant(other);
  await ask("DELETE", own.grant_id);
  const admin = `Bearer ${await server.adminToken()}`;
  assert.equal((await ask("GET", theirs.grant_id, admin)).status, 200);
  assert.equal((await ask("DELETE", theirs.grant_id, admin)).status, 204);
  assert.equal(await isLive(theirs.access_token), false);
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=2");
  const items = json.items as { id: string; reason: string; actor: { kind: string }; select: object }[]; // RevocationItem
  assert.deepEqual(
    items.map(({ reason, actor, select }) => [reason, actor.kind, select]),
    [
      ["administrator", "admin", { grant_id: theirs.grant_id }],
      ["client_request", "client", { grant_id: own.grant_id }],
    ],
  );
  for (const { id } of items) {
    const lifted = await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
    assert.equal(lifted.status, 409);
    assert.equal(lifted.json.code, "not-liftable");
  }
});

test("each method wants its own scope, or the administrators' of its kind", async () => {
  const { grant_id, access_token } = await server.openGrant(app);
  const only = async (wanted: string) => `Bearer ${await server.clientToken(app, { scope: wanted })}`;
  const query = await only("grant_management_query");
  const end = await only("grant_management_revoke");
  assert.equal((await ask("GET", grant_id, end)).status, 403);
  const refused = await ask("DELETE", grant_id, query);
  assert.equal(refused.status, 403);
  assert.match(refused.headers.get("www-authenticate") ?? "", /insufficient_scope.*grant_management_revoke/);
  assert.equal((await ask("GET", grant_id, await only("read write"))).status, 403);
  const reader = `Bearer ${await server.tokenWithScope("rescind:read")}`;
  assert.equal((await ask("GET", grant_id, reader)).status, 200);
  assert.equal((await ask("DELETE", grant_id, reader)).status, 403);
  assert.equal(await isLive(access_token), true);
  assert.equal((await ask("GET", grant_id, query)).status, 200);
  const operator = `Bearer ${await server.tokenWithScope("rescind:revoke")}`;
  assert.equal((await ask("GET", grant_id, operator)).status, 200);
  assert.equal((await ask("DELETE", grant_id, end)).status, 204);
});

test("RV-09 a revoked token, one of the grant's own that ended, and none at all are 401", async () => {
  const owner = await registerApp();
  const { grant_id, access_token } = await server.openGrant(owner, "usr_own", {
    scope: "grant_management_query grant_management_revoke",
  });
  const own = `Bearer ${access_token}`;
  assert.equal((await ask("GET", grant_id, own)).status, 200, "a person's token with the scope will do");
  assert.equal((await ask("DELETE", grant_id, own)).status, 204);
  for (const authorization of [own, "", "Bearer x"])
    for (const method of ["GET", "DELETE"] as const) {
      const answer = await ask(method, grant_id, authorization);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer /);
    }
});

test("the endpoint itself asks for the grant's id; other methods are 405 with Allow", async () => {
  const named = await server.request("/grants", { headers: { authorization: app.bearer } });
  assert.equal(named.status, 400);
  for (const method of ["POST", "PUT", "PATCH"]) {
    const answer = await server.request("/grants/gnt_1", { method });
    assert.equal(answer.status, 405);
    const allow = answer.headers.get("allow")?.split(", ") ?? [];
    for (const one of ["GET", "DELETE", "OPTIONS"]) assert.ok(allow.includes(one));
  }
});

test("Prefer: wait is honoured", async () => {
  const { grant_id } = await server.openGrant(app);
  const { headers } = await ask("DELETE", grant_id, app.bearer, { prefer: "wait=1" });
  assert.equal(headers.get("rescind-effective"), "0/0");
});

test("WEB-02 a browser app manages its grants from its own origin, reads errors too, and no other origin does", async () => {
  const origin = "https://app.example";
  const page = await registerApp({ allowed_origins: [origin] });
  const { grant_id } = await server.openGrant(page);
  const preflight = await server.request(`/grants/${grant_id}`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "DELETE" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
  assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /GET.*DELETE/);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /Authorization.*Prefer/);
  for (const [from, bearer, allowed] of [
    [origin, page.bearer, origin],
    ["https://evil.example", page.bearer, null],
    [origin, other.bearer, null],
    [origin, "Bearer x", null],
  ] as const)
    for (const id of [grant_id, "unknown"]) {
      const { headers } = await ask("GET", id, bearer, { origin: from });
      assert.equal(headers.get("access-control-allow-origin"), allowed);
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.match(headers.get("vary") ?? "", /Origin/);
    }
  const ended = await ask("DELETE", grant_id, page.bearer, { origin });
  const exposed = ended.headers.get("access-control-expose-headers")?.split(", ") ?? [];
  for (const name of ["Rescind-Seq", "Rescind-Effective", "Preference-Applied"])
    assert.ok(exposed.includes(name), name);
});

test("RV-01 an end that cannot be committed is 503 and changes nothing", async () => {
  const { grant_id, access_token } = await server.openGrant(app);
  const lock = await lockDatabase(join(server.data, "rescind.db"));
  const refused = await ask("DELETE", grant_id);
  await lock.release();
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal(await isLive(access_token), true);
  assert.equal((await ask("DELETE", grant_id)).status, 204);
});
