// OpenID Connect RP-Initiated Logout 1.0: what ends, what stays, and where the browser goes afterwards.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { decodeJwt } from "jose";
import { peopleOf, type SignedIn } from "../people.ts";
import { type Answered, startTestServer } from "../running-server.ts";
import { serverKeys, signedBy } from "../threats/server-keys.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const home = "https://app.example/signed-out";
const client = await people.client({ post_logout_redirect_uris: [home, `${home}?from=rescind`] });
const other = await people.client({ post_logout_redirect_uris: ["https://other.example/"] });

/** A browser with this person's session. */
function ask(
  parameters: Record<string, string>,
  person?: SignedIn,
  more: { method?: string; cookies?: string } = {},
): Promise<Answered> {
  const cookie = [person === undefined ? "" : `rescind_session=${person.cookie}`, more.cookies ?? ""];
  const headers = { cookie: cookie.filter((one) => one !== "").join("; ") };
  const body = new URLSearchParams(parameters);
  return more.method === "POST"
    ? server.request("/oauth2/logout", { method: "POST", headers, body })
    : server.request(`/oauth2/logout?${body}`, { headers });
}

async function isSignedIn({ sessionId }: SignedIn): Promise<boolean> {
  const entries = await people.store.readFeed(0, 10_000);
  return !entries.entries.some(
    (entry) => entry.kind === "revoke" && entry.unit === "logout" && entry.value === sessionId,
  );
}

const hintOf = async (person: SignedIn): Promise<string> =>
  String((await people.tokens(client, person)).id_token);

test("a hint of the session in this browser ends it at once, in the log, and goes back with state", async () => {
  const person = await people.signIn();
  const online = await people.tokens(client, person, { scopes: ["openid", "read"] });
  const offline = await people.tokens(client, person, { scopes: ["openid", "read", "offline_access"] });
  const answer = await ask(
    { id_token_hint: String(online.id_token), post_logout_redirect_uri: home, state: "a b&c=d" },
    person,
  );
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), `${home}?state=a+b%26c%3Dd`);
  assert.match(answer.headers.get("set-cookie") ?? "", /^rescind_session=; Max-Age=0; Path=\/; HttpOnly/);
  assert.ok(Number(answer.headers.get("rescind-seq")) > 0);
  assert.equal(await isSignedIn(person), false);
  assert.equal((await server.introspect(String(online.access_token))).active, false);
  assert.equal((await server.introspect(String(online.refresh_token))).active, false);
  assert.equal((await server.introspect(String(offline.access_token))).active, true);
  const form = { grant_type: "refresh_token", refresh_token: String(offline.refresh_token) };
  const refreshed = await server.form("/oauth2/token", form, client);
  assert.equal(refreshed.status, 200, refreshed.text);
  assert.equal((await server.introspect(String(refreshed.json.access_token))).offline, true);
});

test("the order is final, has the reason logout, and stands in the audit", async () => {
  const person = await people.signIn();
  await ask({ id_token_hint: await hintOf(person) }, person);
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [item] = json.items as Record<string, unknown>[]; // the contract's list
  assert.deepEqual(item?.select, { session_id: person.sessionId });
  assert.deepEqual([item?.reason, item?.final], ["logout", true]);
  assert.deepEqual(item?.actor, { kind: "user", id: person.subject });
});

test("without a redirect URI the browser gets a page, and without a session nothing is asked", async () => {
  const person = await people.signIn();
  const hint = { id_token_hint: await hintOf(person) };
  const answer = await ask(hint, person);
  assert.equal(answer.status, 200);
  assert.match(answer.text, /You are signed out/);
  const again = await ask({ ...hint, post_logout_redirect_uri: home }, person);
  assert.equal(again.headers.get("location"), home);
  assert.equal(again.headers.get("rescind-seq"), null);
  assert.equal((await ask({ client_id: client.client_id })).status, 200);
});

test("state is appended to a query that is there already", async () => {
  const uri = `${home}?from=rescind`;
  const answer = await ask({ client_id: client.client_id, post_logout_redirect_uri: uri, state: "1" });
  assert.equal(answer.headers.get("location"), `${uri}&state=1`);
});

test("a POST from another site, which has no cookies, becomes a GET that has them", async () => {
  const person = await people.signIn();
  const form = { id_token_hint: await hintOf(person), post_logout_redirect_uri: home, state: "s" };
  const posted = await ask(form, undefined, { method: "POST" });
  assert.equal(posted.status, 303);
  assert.equal(await isSignedIn(person), true);
  const location = posted.headers.get("location") ?? "";
  assert.match(location, /^\/oauth2\/logout\?logout=[\w-]+$/);
  const ended = await server.request(location, { headers: { cookie: `rescind_session=${person.cookie}` } });
  assert.equal(ended.headers.get("location"), `${home}?state=s`);
  assert.equal(await isSignedIn(person), false);
});

test("a POST that no URL could carry on is refused", async () => {
  const form = { client_id: client.client_id, post_logout_redirect_uri: home, state: "s".repeat(10_000) };
  assert.equal((await ask(form, undefined, { method: "POST" })).status, 400);
});

test("without a hint of this session the person is asked, and only their own form counts", async () => {
  const person = await people.signIn();
  const elsewhere = await people.signIn();
  for (const parameters of [
    {},
    { client_id: client.client_id, post_logout_redirect_uri: home },
    { id_token_hint: await hintOf(elsewhere) },
    { id_token_hint: "not.a.token" },
    { logout_hint: "alice", ui_locales: "de" },
  ] as Record<string, string>[]) {
    const answer = await ask(parameters, person);
    assert.equal(answer.status, 200, JSON.stringify(parameters));
    assert.match(answer.text, /Sign out\?/);
    assert.equal(answer.headers.get("rescind-seq"), null);
  }
  assert.equal(await isSignedIn(person), true);
  assert.equal(await isSignedIn(elsewhere), true);

  const page = await ask({ client_id: client.client_id, post_logout_redirect_uri: home, state: "z" }, person);
  const cookies = (page.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const fields = hiddenFields(page.text);
  const post = (form: Record<string, string>, cookie: string) =>
    ask(form, person, { method: "POST", cookies: cookie });
  const forged = await post({ ...fields, form: "", answer: "sign-out" }, cookies);
  assert.equal(forged.status, 400);
  assert.equal((await post({ ...fields, answer: "sign-out" }, "")).status, 400, "another browser");
  const stayed = await post({ ...fields, answer: "stay" }, cookies);
  assert.match(stayed.text, /You are signed in/);
  assert.equal(await isSignedIn(person), true);
  const ended = await post({ ...fields, answer: "sign-out" }, cookies);
  assert.equal(ended.headers.get("location"), `${home}?state=z`);
  assert.equal(await isSignedIn(person), false);
});

test("a form that asked about one session does not end the next one in this browser", async () => {
  const first = await people.signIn();
  const page = await ask({}, first);
  const cookies = (page.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const second = await people.signIn();
  const form = { ...hiddenFields(page.text), answer: "sign-out" };
  const answer = await ask(form, second, { method: "POST", cookies });
  assert.match(answer.text, /Sign out\?/);
  assert.equal(await isSignedIn(second), true);
});

test("an expired ID token is a hint all the same; one that is forged, of another issuer or of another kind is none", async () => {
  const person = await people.signIn();
  const key = serverKeys(server.data).find(({ use, alg }) => use === "id" && alg === "RS256");
  assert.ok(key !== undefined);
  const signer = (of: object, typ = "JWT") => signedBy(key, { alg: "RS256", typ, kid: key.kid }, of);
  const claims = decodeJwt(await hintOf(person));
  for (const wrong of [{ iss: "https://other.example" }, { sub: "usr_other" }, { sid: "ses_1" }, { aud: [] }])
    assert.match((await ask({ id_token_hint: signer({ ...claims, ...wrong }) }, person)).text, /Sign out\?/);
  assert.match((await ask({ id_token_hint: signer(claims, "other") }, person)).text, /Sign out\?/);
  const longAgo = { iat: 1_700_000_000, exp: 1_700_000_900 };
  const ended = await ask({ id_token_hint: signer({ ...claims, ...longAgo }) }, person);
  assert.match(ended.text, /You are signed out/);
});

test("a hint whose signature or kind is wrong is none", async () => {
  const person = await people.signIn();
  const hint = await hintOf(person);
  const [header = "", payload = "", signature = ""] = hint.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: "usr_other" })).toString("base64url");
  const answer = await ask({ id_token_hint: `${header}.${forged}.${signature}` }, person);
  assert.match(answer.text, /Sign out\?/);
  // An access token is no ID token, though it names the session.
  const { access_token } = await people.tokens(client, person);
  assert.match((await ask({ id_token_hint: String(access_token) }, person)).text, /Sign out\?/);
  assert.equal(await isSignedIn(person), true);
});

test("AC-11 a redirect URI that is not registered for this client gets a page, and nobody is signed out", async () => {
  const person = await people.signIn();
  const id_token_hint = await hintOf(person);
  for (const uri of [
    `${home}/`,
    `${home}?x=1`,
    `${home}#`,
    "https://app.example",
    "https://APP.example/signed-out",
    "https://app.example:443/signed-out",
    "https://app.example/signed-out/../signed-out",
    "https://app.example@evil.example/signed-out",
    "https://other.example/",
    "https://evil.example/",
    "//app.example/signed-out",
    "javascript:alert(1)",
    "http://app.example/signed-out",
  ]) {
    const asked = { id_token_hint, post_logout_redirect_uri: uri };
    for (const answer of [await ask(asked, person), await ask(asked, person, { method: "POST" })]) {
      assert.equal(answer.status, 400, uri);
      assert.equal(answer.headers.get("location"), null);
    }
  }
  for (const parameters of [
    { post_logout_redirect_uri: home },
    { post_logout_redirect_uri: home, client_id: "nobody" },
    { post_logout_redirect_uri: home, client_id: other.client_id },
    { post_logout_redirect_uri: home, id_token_hint: "not.a.token" },
    { post_logout_redirect_uri: home, id_token_hint, client_id: other.client_id },
  ] as Record<string, string>[]) {
    const answer = await ask(parameters, person);
    assert.equal(answer.status, 400, JSON.stringify(parameters));
    assert.equal(answer.headers.get("location"), null);
  }
  assert.equal(await isSignedIn(person), true);
});

test("AC-11 a suspended client is sent nobody", async () => {
  const suspended = await people.client({ post_logout_redirect_uris: [home] });
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`, {});
  const answer = await ask({ client_id: suspended.client_id, post_logout_redirect_uri: home });
  assert.equal(answer.status, 400);
});

function hiddenFields(page: string): Record<string, string> {
  const found = page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  return Object.fromEntries([...found].map(([, name = "", value = ""]) => [name, value]));
}
