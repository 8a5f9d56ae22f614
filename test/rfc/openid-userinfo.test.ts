// OpenID Connect Core section 5.3: userinfo. Claims by scope, the Bearer token in the header and nowhere else.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { peopleOf } from "../people.ts";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const origin = "https://spa.example";
const client = await people.client({ allowed_origins: [origin] });
const user = await people.addUser({
  username: "ines",
  name: "Inès",
  email: "ines@example.com",
  emailVerified: true,
  groups: ["staff"],
  claims: { department: "tide tables", shoe_size: 39 },
});
const person = await people.signIn(user);

function ask(token: unknown, init: RequestInit = {}): Promise<Answered> {
  const headers = { authorization: `Bearer ${token}`, ...init.headers };
  return server.request("/oauth2/userinfo", { ...init, headers });
}

async function tokenOf(scopes: string[], by = client): Promise<string> {
  return String((await people.tokens(by, person, { scopes })).access_token);
}

test("5.4: scopes release claims, and sub is always there", async () => {
  const sub = user.subject;
  const profile = { name: "Inès", preferred_username: "ines" };
  const email = { email: "ines@example.com", email_verified: true };
  for (const [scopes, claims] of [
    [["openid"], { sub }],
    [["openid", "profile"], { sub, ...profile }],
    [["openid", "email"], { sub, ...email }],
    [["openid", "groups"], { sub, groups: ["staff"] }],
    [["openid", "profile", "email", "groups"], { sub, ...profile, ...email, groups: ["staff"] }],
  ] as const) {
    const answer = await ask(await tokenOf([...scopes]));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.deepEqual(answer.json, claims);
  }
});

test("5.3.1: POST answers like GET, whatever the body", async () => {
  const token = await tokenOf(["openid", "email"]);
  const { json } = await ask(token);
  for (const init of [
    { method: "POST" },
    { method: "POST", body: new URLSearchParams({ a: "b" }) },
    { method: "POST", body: "{}", headers: { "content-type": "application/json" } },
  ]) {
    const answer = await ask(token, init);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json, json);
  }
});

test("what a client is configured with beside its scopes is there too, and never in the way of sub", async () => {
  const configured = await people.client({
    custom_claims: {
      department: { user_field: "department" },
      size: { user_field: "shoe_size" },
      nothing: { user_field: "unheard_of" },
      tenant: "a",
    },
  });
  const { json } = await ask(await tokenOf(["openid"], configured));
  assert.deepEqual(json, { sub: user.subject, department: "tide tables", size: 39, tenant: "a" });
});

test("a token that is for another resource is good here, since its scope is what was asked of the person", async () => {
  const resource = "https://api.example";
  const by = await people.client({ audience: [resource] });
  const facts = { audience: [resource], scopes: ["openid", "email"] };
  const { access_token } = await people.tokens(by, person, facts);
  assert.equal((await server.introspect(String(access_token))).aud, resource);
  assert.equal((await ask(access_token)).json.email, "ines@example.com");
});

test("AC-24 a token in the body or in the query is not looked at", async () => {
  const access_token = await tokenOf(["openid"]);
  for (const answer of [
    await server.request("/oauth2/userinfo", { method: "POST", body: new URLSearchParams({ access_token }) }),
    await server.request(`/oauth2/userinfo?access_token=${access_token}`),
    await server.request("/oauth2/userinfo", { headers: { authorization: `Basic ${access_token}` } }),
  ]) {
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="rescind"');
  }
});

test("RFC 6750 3.1: invalid_token for what is no live token, insufficient_scope without openid", async () => {
  const revoked = await tokenOf(["openid"]);
  await server.form("/oauth2/revoke", { token: revoked }, client);
  const tokens = await people.tokens(client, person);
  for (const token of [revoked, "nonsense", tokens.refresh_token, tokens.id_token, person.cookie]) {
    const answer = await ask(token);
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("www-authenticate") ?? "", /error="invalid_token"/);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.json.error, "invalid_token");
  }
  const answer = await ask(await tokenOf(["profile", "read"]));
  assert.equal(answer.status, 403);
  assert.match(answer.headers.get("www-authenticate") ?? "", /error="insufficient_scope", scope="openid"/);
  assert.equal(answer.json.error, "insufficient_scope");
  const own = await server.clientToken(await server.registerClient());
  assert.equal((await ask(own)).status, 403);
});

test("RV-09 a token dies here with its grant, its session and its person", async () => {
  for (const select of [
    (of: { grant_id: string; sid: string; sub: string }) => ({ grant_id: of.grant_id }),
    (of: { sid: string }) => ({ session_id: of.sid }),
    (of: { sub: string }) => ({ subject: of.sub }),
  ]) {
    const { access_token } = await people.tokens(client, await people.signIn());
    assert.equal((await ask(access_token)).status, 200);
    const of = (await server.introspect(String(access_token))) as Record<"grant_id" | "sid" | "sub", string>; // CONTRACT.md section 5
    const order = await server.admin("POST", "/admin/v1/revocations", { select: select(of) });
    assert.equal(order.status, 201, order.text);
    assert.equal((await ask(access_token)).status, 401);
  }
  const disabled = await people.addUser();
  const { access_token } = await people.tokens(client, await people.signIn(disabled));
  await people.store.changeUser({ ...disabled, status: "disabled" }, [], Date.now());
  assert.equal((await ask(access_token)).status, 401, "whatever stands on the log");
});

test("a subject that only the administrator knows has a sub and no more", async () => {
  const opened = await server.openGrant(client, "usr_foreign", { scope: "openid email" });
  assert.deepEqual((await ask(opened.access_token)).json, { sub: "usr_foreign" });
});

test("CORS: a preflight is answered for any client's origin, the answer for the token's client only, errors too", async () => {
  const preflight = (from: string) =>
    server.request("/oauth2/userinfo", { method: "OPTIONS", headers: { origin: from } });
  assert.equal((await preflight(origin)).headers.get("access-control-allow-origin"), origin);
  assert.match(
    (await preflight(origin)).headers.get("access-control-allow-methods") ?? "",
    /GET, HEAD, POST/,
  );
  assert.equal((await preflight("https://evil.example")).headers.get("access-control-allow-origin"), null);

  const allowed = async (token: unknown, from = origin): Promise<string | null> => {
    const answer = await ask(token, { headers: { origin: from } });
    assert.equal(answer.headers.get("vary"), "Origin");
    assert.equal(answer.headers.get("access-control-allow-credentials"), null);
    return answer.headers.get("access-control-allow-origin");
  };
  const token = await tokenOf(["openid"]);
  assert.equal(await allowed(token), origin);
  assert.equal(await allowed(token, "https://evil.example"), null);
  assert.equal(await allowed(await tokenOf(["read"])), origin, "403");
  await server.form("/oauth2/revoke", { token }, client);
  assert.equal(await allowed(token), origin, "401");
  assert.equal(await allowed(await tokenOf(["openid"], await people.client())), null);
  assert.equal(await allowed("nonsense"), null);
});

test("other methods are refused with Allow", async () => {
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    const answer = await server.request("/oauth2/userinfo", { method });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
    assert.equal(answer.json.error, "invalid_request");
  }
});
