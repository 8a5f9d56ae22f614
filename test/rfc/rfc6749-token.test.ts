// RFC 6749 at the token endpoint: client_credentials, refresh_token, client authentication by secret, errors.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { tokenLength } from "@rescind/core";
import { type Answered, basic, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

async function ask(client: RegisteredClient, form: Record<string, unknown>): Promise<Answered> {
  const texts = Object.entries(form).map(([name, value]) => [name, String(value)]);
  return server.form("/oauth2/token", Object.fromEntries(texts), client);
}

function assertRefused(answer: Answered, status: number, error: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.error, error, answer.text);
  assert.equal(typeof answer.json.error_description, "string");
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.equal(answer.headers.get("cache-control"), "no-store");
}

test("RFC 6749 4.4.3, 5.1: client_credentials answers with a token, its life and scope, and no refresh token", async () => {
  const client = await server.registerClient({ scope: "read write" });
  const { status, headers, json } = await ask(client, { grant_type: "client_credentials" });
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("pragma"), "no-cache");
  const { access_token, ...rest } = json;
  assert.deepEqual(rest, { token_type: "Bearer", expires_in: 900, scope: "read write" });
  assert.match(String(access_token), /^[\w-]+\.[\w-]+\.[\w-]+$/);
});

test("RFC 6749 3.3: scope may be narrowed, in any order, and an unknown value is refused", async () => {
  const client = await server.registerClient({ scope: "read write admin" });
  const asked = await ask(client, { grant_type: "client_credentials", scope: "write read write" });
  assert.equal(asked.json.scope, "write read");
  for (const scope of ["delete", "read delete", "READ", "read\u00a0write", 'read"', "re\\ad"])
    assertRefused(await ask(client, { grant_type: "client_credentials", scope }), 400, "invalid_scope");
});

test("offline_access and openid are for people: client_credentials does not get them", async () => {
  const client = await server.registerClient({ scope: "read openid offline_access" });
  assert.equal((await ask(client, { grant_type: "client_credentials" })).json.scope, "read");
  for (const scope of ["openid", "offline_access"])
    assertRefused(await ask(client, { grant_type: "client_credentials", scope }), 400, "invalid_scope");
});

test("an opaque token has its prefix, letters and digits, a fixed length, and is never the same twice", async () => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const { access_token, refresh_token } = await server.openGrant(client);
  const tokens = [await server.clientToken(client), await server.clientToken(client), access_token];
  for (const token of tokens) assert.match(String(token), /^rat_[0-9A-Za-z]{60}$/);
  assert.match(String(refresh_token), /^rrt_[0-9A-Za-z]{60}$/);
  assert.match(client.client_secret, /^rcs_[0-9A-Za-z]{60}$/);
  assert.equal(String(access_token).length, tokenLength);
  assert.equal(new Set([...tokens, refresh_token]).size, 4);
});

test("RFC 6749 5.2: grant_type is required, known, and one the client is registered for", async () => {
  const client = await server.registerClient({ grant_types: ["client_credentials"] });
  assertRefused(await ask(client, {}), 400, "invalid_request");
  assertRefused(await ask(client, { grant_type: "" }), 400, "invalid_request");
  for (const grant_type of ["password", "implicit", "CLIENT_CREDENTIALS", "client_credentials ", "__proto__"])
    assertRefused(await ask(client, { grant_type }), 400, "unsupported_grant_type");
  for (const grant_type of ["refresh_token", "authorization_code"])
    assertRefused(
      await ask(client, { grant_type, refresh_token: "x", code: "x" }),
      400,
      "unauthorized_client",
    );
  const refreshOnly = await server.registerClient({ grant_types: ["refresh_token"] });
  assertRefused(await ask(refreshOnly, { grant_type: "client_credentials" }), 400, "unauthorized_client");
});

test("RFC 6749 2.3.1: basic and post are interchangeable, whichever is registered", async () => {
  for (const registered of ["client_secret_basic", "client_secret_post"]) {
    const client = await server.registerClient({ token_endpoint_auth_method: registered });
    assert.equal((await ask(client, { grant_type: "client_credentials" })).status, 200);
    const { client_id, client_secret } = client;
    const posted = { grant_type: "client_credentials", client_id, client_secret };
    assert.equal((await server.form("/oauth2/token", posted)).status, 200);
  }
});

test("RFC 6749 2.3.1: the parts of Basic credentials are form-encoded", async () => {
  const client_id = `a:b%/+&=${Date.now()}`;
  const client = await server.registerClient({ client_id });
  assert.equal(client.client_id, client_id);
  assert.equal((await ask(client, { grant_type: "client_credentials" })).status, 200);
  const plus = basic(client_id, client.client_secret).replace("Basic", "bAsIc");
  const lowercase = await server.request("/oauth2/token", {
    method: "POST",
    headers: { authorization: plus },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  assert.equal(lowercase.status, 200, "the scheme is case-insensitive");
});

test("RFC 6749 5.2: wrong or missing credentials are 401 invalid_client, with a challenge", async () => {
  const client = await server.registerClient();
  const { client_id, client_secret } = client;
  const other = await server.registerClient();
  const grant_type = "client_credentials";
  for (const answer of [
    await ask({ ...client, client_secret: "wrong" }, { grant_type }),
    await ask({ ...client, client_secret: other.client_secret }, { grant_type }),
    await ask({ ...client, client_id: "unknown" }, { grant_type }),
    await server.form("/oauth2/token", { grant_type, client_id, client_secret: `${client_secret}x` }),
    await server.form("/oauth2/token", { grant_type, client_id }),
    await server.form("/oauth2/token", { grant_type }),
  ]) {
    assertRefused(answer, 401, "invalid_client");
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic realm=/);
  }
});

test("RFC 6749 3.2: a parameter without a value is as good as absent, and unknown parameters are ignored", async () => {
  const client = await server.registerClient({ scope: "read" });
  const { status, json } = await ask(client, {
    grant_type: "client_credentials",
    scope: "",
    resource: "",
    client_secret: "",
    audience: "whatever",
    login_hint: "x",
  });
  assert.equal(status, 200);
  assert.equal(json.scope, "read");
});

test("RFC 6749 6: a refresh token gives a new access token and its successor, and is spent", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client);
  const { status, json } = await ask(client, refreshing(opened.refresh_token));
  assert.equal(status, 200);
  assert.equal(json.token_type, "Bearer");
  assert.equal(json.expires_in, 900);
  assert.notEqual(json.refresh_token, opened.refresh_token);
  assert.notEqual(json.access_token, opened.access_token);
  assert.equal((await server.introspect(String(opened.refresh_token))).active, false);
  const seen = await server.introspect(String(json.access_token));
  const before = await server.introspect(String(opened.access_token));
  assert.equal(before.active, true, "refreshing does not end older access tokens");
  assert.deepEqual(
    [seen.sub, seen.grant_id, seen.grant_iat],
    [before.sub, before.grant_id, before.grant_iat],
  );
});

test("RFC 6749 6: refreshing may narrow the scope of the access token; the grant keeps its own", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client, "usr_eve", { scope: "read write" });
  const narrowed = (await ask(client, { ...refreshing(opened.refresh_token), scope: "read" })).json;
  assert.equal(narrowed.scope, "read");
  const whole = (await ask(client, refreshing(narrowed.refresh_token))).json;
  assert.equal(whole.scope, "read write");
  const wider = await ask(client, { ...refreshing(whole.refresh_token), scope: "read offline_access" });
  assertRefused(wider, 400, "invalid_scope");
  assert.equal((await ask(client, refreshing(whole.refresh_token))).status, 200, "a refusal spends nothing");
});

test("RFC 6749 5.2: whatever is no live refresh token of this client is invalid_grant", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client);
  const foreign = await server.openGrant(await server.registerClient());
  assertRefused(await ask(client, { grant_type: "refresh_token" }), 400, "invalid_request");
  for (const token of [
    "made-up",
    `rrt_${"0".repeat(60)}`,
    opened.access_token,
    client.client_secret,
    foreign.refresh_token,
  ])
    assertRefused(await ask(client, refreshing(token)), 400, "invalid_grant");
});

test("rotation may be off for a confidential client that says so: the refresh token stays", async () => {
  const client = await server.registerClient({ refresh_token_rotation: false });
  const opened = await server.openGrant(client);
  for (let i = 0; i < 3; i++) {
    const { json } = await ask(client, refreshing(opened.refresh_token));
    assert.equal(json.refresh_token, opened.refresh_token);
    assert.equal((await server.introspect(String(json.access_token))).active, true);
  }
});

test("a client without the grant type refresh_token gets none", async () => {
  const client = await server.registerClient({ grant_types: ["client_credentials"] });
  assert.equal("refresh_token" in (await server.openGrant(client)), false);
});

test("lifetimes follow the client, up to a day", async () => {
  const client = await server.registerClient({ access_token_ttl: 86_400, refresh_token_ttl: 60 });
  const { json } = await ask(client, { grant_type: "client_credentials" });
  assert.equal(json.expires_in, 86_400);
  const opened = await server.openGrant(client);
  const seen = await server.introspect(String(opened.refresh_token));
  assert.equal(Number(seen.exp) - Number(seen.iat), 60);
  const tooLong = await server.admin("POST", "/admin/v1/clients", {
    name: "x",
    grant_types: ["client_credentials"],
    access_token_ttl: 86_401,
  });
  assert.equal(tooLong.status, 400);
  assert.match(tooLong.text, /access_token_ttl/);
});

function refreshing(token: unknown): Record<string, unknown> {
  return { grant_type: "refresh_token", refresh_token: token };
}
