// RFC 6749 section 4.1: the code grant as a client meets it, from the authorization request to the refreshed token.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { parseId } from "@rescind/core";
import { peopleOf, pkce, redirectUri } from "../people.ts";
import { createPerson } from "../person.ts";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const client = await people.client();

interface ListedGrant {
  readonly opened_at: string;
  readonly expires_at: string;
  readonly authenticated_at?: string;
  readonly offline: boolean;
}

function refresh(refreshToken: unknown, more: Record<string, string> = {}): Promise<Answered> {
  const form = { grant_type: "refresh_token", refresh_token: String(refreshToken), ...more };
  return server.form("/oauth2/token", form, client);
}

test("4.1: a person signs in and consents, and the client gets a code, tokens, and nothing the second time", async () => {
  const [username, password] = ["alice", "correct horse battery staple"];
  const created = await server.admin("POST", "/admin/v1/users", { username, password });
  assert.equal(created.status, 201, created.text);
  const request = new URLSearchParams({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope: "openid read",
    state: "the state",
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
  });
  const person = createPerson(server.issuer);
  const page = await person.signIn(`${server.issuer}/oauth2/authorize?${request}`, { username, password });
  assert.equal(page.sent.get("state"), "the state");
  assert.equal(page.sent.get("iss"), server.issuer);
  const code = page.sent.get("code") ?? "";
  const answer = await people.redeem(client, code);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.deepEqual(Object.keys(answer.json).sort(), [
    "access_token",
    "expires_in",
    "id_token",
    "refresh_token",
    "scope",
    "token_type",
  ]);
  assert.deepEqual([answer.json.token_type, answer.json.scope], ["Bearer", "openid read"]);
  const { json } = await server.admin("GET", `/admin/v1/grants?subject=${created.json.sub}`);
  const [grant] = json.items as Record<string, unknown>[]; // the contract's list
  assert.deepEqual(
    [grant?.client_id, grant?.scope, grant?.offline],
    [client.client_id, "openid read", false],
  );
  assert.equal((await people.redeem(client, code)).status, 400);
});

test("4.1.3: code is required, and the client must be registered for the grant type", async () => {
  const person = await people.signIn();
  const code = await people.code(client, person);
  const missing = await server.form("/oauth2/token", { grant_type: "authorization_code" }, client);
  assert.deepEqual([missing.status, missing.json.error], [400, "invalid_request"]);
  const unregistered = await people.redeem(await server.registerClient(), code);
  assert.deepEqual([unregistered.status, unregistered.json.error], [400, "unauthorized_client"]);
  assert.equal((await people.redeem(client, code)).status, 200);
});

test("a client without the grant type refresh_token gets no refresh token, one without openid no ID token", async () => {
  const bare = await people.client({ grant_types: ["authorization_code"] });
  const tokens = await people.tokens(bare, await people.signIn(), { scopes: ["read"] });
  assert.deepEqual(Object.keys(tokens).sort(), ["access_token", "expires_in", "scope", "token_type"]);
});

test("access tokens of a session carry sid, auth_time and grant_iat, and introspection the username", async () => {
  const user = await people.addUser({ username: "introspected" });
  const person = await people.signIn(user);
  const at = Math.floor(Date.now() / 1000) - 20;
  const { access_token } = await people.tokens(client, person, { issuedAt: at, scopes: ["read"] });
  const answer = await server.introspect(String(access_token));
  assert.equal(answer.sid, person.sessionId);
  assert.equal(answer.grant_iat, at, "a grant is authorised when its code is made");
  assert.ok(Math.abs(Number(answer.auth_time) - Date.now() / 1000) < 60);
  assert.equal(answer.username, "introspected");
  assert.equal(answer.offline, undefined);
});

test("without offline_access the grant ends with its session, with it a year after it was opened", async () => {
  const user = await people.addUser();
  const openedAtMs = Date.now() - 6 * 86_400_000;
  const person = await people.signIn(user, { openedAtMs });
  const tokens = await people.tokens(client, person, { scopes: ["read"] });
  const introspected = await server.introspect(String(tokens.refresh_token));
  assert.equal(introspected.exp, Math.floor(openedAtMs / 1000) + 7 * 86_400);
  await people.tokens(client, person, { scopes: ["read", "offline_access"] });
  const { json } = await server.admin("GET", `/admin/v1/grants?subject=${user.subject}`);
  const [offline, online] = json.items as ListedGrant[]; // the contract's list
  const days = (grant = online) =>
    Math.round((Date.parse(grant?.expires_at ?? "") - Date.parse(grant?.opened_at ?? "")) / 86_400_000);
  assert.deepEqual([online?.offline, days(online)], [false, 1]);
  assert.deepEqual([offline?.offline, days(offline)], [true, 365]);
  assert.ok(Date.now() - Date.parse(String(online?.authenticated_at)) < 60_000);
});

test("a refresh counts as use of the session; after twelve hours without any the grant is over, an offline one goes on", async () => {
  const person = await people.signIn();
  const online = await people.tokens(client, person, { scopes: ["openid", "read"] });
  const offline = await people.tokens(client, person, { scopes: ["openid", "offline_access"] });
  const hours = 3_600_000;
  unusedFor(person.sessionId, 11 * hours);
  const used = await refresh(online.refresh_token);
  assert.equal(used.status, 200, used.text);
  const row = parseId("session", person.sessionId) ?? "0";
  const { session } = await people.store.findSession(row);
  assert.ok(Date.now() - (session?.lastSeenMs ?? 0) < hours);
  unusedFor(person.sessionId, 13 * hours);
  const over = await refresh(used.json.refresh_token);
  assert.deepEqual([over.status, over.json.error], [400, "invalid_grant"]);
  assert.equal((await server.introspect(String(used.json.refresh_token))).active, false);
  assert.equal((await refresh(offline.refresh_token)).status, 200);
});

test("RV-16 RT-09 a disabled or deleted person's grants are refreshed no more, whatever stands on the log", async () => {
  for (const scopes of [["read"], ["read", "offline_access"]]) {
    const user = await people.addUser();
    const tokens = await people.tokens(client, await people.signIn(user), { scopes });
    await people.store.changeUser({ ...user, status: "disabled" }, [], Date.now());
    assert.equal((await refresh(tokens.refresh_token)).json.error, "invalid_grant");
    await people.store.changeUser(user, [], Date.now());
    const again = await refresh(tokens.refresh_token);
    assert.equal(again.status, 200, "the refusal spent nothing");
    await people.store.deleteUser(user.subject, []);
    assert.equal((await refresh(again.json.refresh_token)).json.error, "invalid_grant");
  }
  const known = await people.addUser();
  const opened = await server.openGrant(client, known.subject);
  await people.store.changeUser({ ...known, status: "disabled" }, [], Date.now());
  assert.equal((await refresh(opened.refresh_token)).json.error, "invalid_grant", "opened without a browser");
});

test("RV-16 a role that was taken away is not refreshed", async () => {
  const user = await people.addUser({ roles: ["administrator"] });
  const admins = await people.client({ scope: "openid rescind:admin rescind:read" });
  const scopes = ["openid", "rescind:admin", "rescind:read"];
  const tokens = await people.tokens(admins, await people.signIn(user), { scopes });
  assert.equal(tokens.scope, scopes.join(" "));
  await people.store.changeUser({ ...user, roles: ["viewer"] }, [], Date.now());
  const form = { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) };
  const answer = await server.form("/oauth2/token", form, admins);
  assert.equal(answer.json.scope, "openid rescind:read");
});

test("RFC 8707 2.2: the token request may narrow the code's audience, never widen it", async () => {
  const [orders, stock] = ["https://orders.example", "https://stock.example"];
  const by = await people.client({ audience: [orders, stock] });
  const person = await people.signIn();
  const code = await people.code(by, person, { audience: [orders], scopes: ["read"] });
  const foreign = await people.redeem(by, code, { resource: stock });
  assert.equal(foreign.json.error, "invalid_target");
  const answer = await people.redeem(by, code, { resource: orders });
  assert.equal((await server.introspect(String(answer.json.access_token))).aud, orders);
});

/** As if the session had not been used for so many milliseconds. */
function unusedFor(sessionId: string, milliseconds: number): void {
  const database = new DatabaseSync(join(server.data, "rescind.db"), { timeout: 5000 });
  const { changes } = database
    .prepare("UPDATE sessions SET last_seen_ms = ? WHERE id = ?")
    .run(Date.now() - milliseconds, BigInt(parseId("session", sessionId) ?? "0"));
  database.close();
  assert.equal(Number(changes), 1);
}
