// RFC 7662 and CONTRACT.md section 5: who may introspect, what is told, and that nothing is told otherwise.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

async function introspect(caller: RegisteredClient, token: unknown): Promise<Answered> {
  return server.form("/oauth2/introspect", { token: String(token) }, caller);
}

async function introspectWith(bearer: string, token: unknown): Promise<Answered> {
  return server.request("/oauth2/introspect", {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}` },
    body: new URLSearchParams({ token: String(token) }),
  });
}

const now = (): number => Math.floor(Date.now() / 1000);

for (const format of ["jwt", "opaque"]) {
  test(`RFC 7662 2.2: an active access token in the form ${format} is described in full`, async () => {
    const client = await server.registerClient({
      access_token_format: format,
      custom_claims: { tenant: "a" },
    });
    const opened = await server.openGrant(client, "usr_carol", {
      scope: "read offline_access",
      claims: { groups: ["x"] },
      attributes: { plan: "gold" },
    });
    const { status, headers, json } = await introspect(client, opened.access_token);
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("cache-control"), "no-store");
    const { exp, iat, jti, rev, head, hash, kid, grant_iat, ...named } = json;
    assert.deepEqual(named, {
      active: true,
      iss: server.issuer,
      sub: "usr_carol",
      aud: server.issuer,
      client_id: client.client_id,
      scope: "read offline_access",
      token_type: "Bearer",
      grant_id: opened.grant_id,
      offline: true,
      tenant: "a",
      groups: ["x"],
      plan: "gold",
    });
    assert.equal(Number(exp) - Number(iat), 900);
    assert.ok(Math.abs(Number(iat) - now()) <= 5 && grant_iat === iat);
    assert.match(String(jti), /^tid_\d+$/);
    assert.ok(Number.isInteger(rev) && Number(rev) <= Number(head));
    assert.match(String(hash), /^[\w-]{43}$/);
    assert.equal(typeof kid, format === "jwt" ? "string" : "undefined");
  });
}

test("RFC 7662 2.2: an active refresh token is described, and only to its own client", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client, "usr_dora");
  const { json } = await introspect(client, opened.refresh_token);
  assert.equal(json.active, true);
  assert.equal(json.token_type, "refresh_token");
  assert.deepEqual(
    [json.sub, json.client_id, json.grant_id],
    ["usr_dora", client.client_id, opened.grant_id],
  );
  const other = await server.registerClient();
  assert.equal((await introspect(other, opened.refresh_token)).text, '{"active":false}');
});

test("a client-credentials token has the client as its subject, its key and no grant", async () => {
  const client = await server.registerClient();
  const { json } = await introspect(client, await server.clientToken(client));
  assert.equal(json.sub, client.client_id);
  assert.equal(json.key_id, client.keys[0]?.key_id);
  assert.ok(!("grant_id" in json) && !("grant_iat" in json) && !("offline" in json));
});

test("head and hash are the position on the log at which the token was judged", async () => {
  const client = await server.registerClient();
  const [token, other] = [await server.clientToken(client), await server.clientToken(client)];
  const revoked = await server.form("/oauth2/revoke", { token: other }, client);
  const { json } = await introspect(client, token);
  assert.equal(json.head, Number(revoked.headers.get("rescind-seq")));
  const feed = await server.tokenWithScope("rescind:feed");
  const page = await server.request("/revocations", { headers: { authorization: `Bearer ${feed}` } });
  assert.equal(json.hash, page.json.hash);
  assert.ok(Number(json.rev) < Number(json.head), "it was issued before the entry");
});

test("RFC 7662 2.1: the caller must be authenticated; a public client never is", async () => {
  const owner = await server.registerClient();
  const token = await server.clientToken(owner);
  const anonymous = await server.form("/oauth2/introspect", { token });
  assert.equal(anonymous.status, 401);
  assert.equal(anonymous.json.error, "invalid_client");
  const named = await server.form("/oauth2/introspect", { token, client_id: owner.client_id });
  assert.equal(named.status, 401);
  const spa = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };
  const { client_id } = await server.registerClient(spa);
  const { access_token } = await server.openGrant({ client_id });
  const own = await server.form("/oauth2/introspect", { token: String(access_token), client_id });
  assert.equal(own.status, 401);
  assert.equal(own.json.error, "invalid_client");
  const wrong = await introspect({ ...owner, client_secret: "wrong" }, token);
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get("www-authenticate") ?? "", /^Basic /);
});

test("a Bearer token with rescind:introspect or rescind:admin sees all, any other is refused", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  for (const scope of ["rescind:introspect", "rescind:admin"]) {
    const { status, json } = await introspectWith(await server.tokenWithScope(scope), token);
    assert.equal(status, 200);
    assert.equal(json.client_id, client.client_id, scope);
  }
  for (const scope of ["rescind:read", "rescind:revoke", "rescind:feed", "read"]) {
    const { status, headers, json } = await introspectWith(await server.tokenWithScope(scope), token);
    assert.equal(status, 403, scope);
    assert.equal(json.error, "insufficient_scope");
    assert.match(headers.get("www-authenticate") ?? "", /error="insufficient_scope"/);
  }
  const refused = await introspectWith("made-up", token);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate") ?? "", /^Bearer .*error="invalid_token"/);
  assert.equal(refused.headers.get("content-type"), "application/json");
  assert.deepEqual(Object.keys(refused.json), ["error", "error_description"]);
  assert.equal(refused.json.error, "invalid_token");
});

test("a client sees its own tokens, those for its audience, and with rescind:introspect any", async () => {
  const orders = "https://orders.example/";
  const shop = await server.registerClient({ audience: [orders] });
  const token = await server.clientToken(shop);
  const api = await server.registerClient({ audience: [orders] });
  const stranger = await server.registerClient({ audience: ["https://mail.example/"] });
  const nobody = await server.registerClient();
  const operator = await server.registerClient({ scope: "rescind:introspect" });
  for (const caller of [shop, api, operator])
    assert.equal((await introspect(caller, token)).json.active, true);
  for (const caller of [stranger, nobody])
    assert.equal((await introspect(caller, token)).text, '{"active":false}');
});

test("RFC 7662 2.2: whatever is not active is answered by exactly {active: false}", async () => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client);
  await server.form("/oauth2/revoke", { token: String(access_token) }, client);
  for (const token of [
    access_token,
    "made-up",
    `rat_${"0".repeat(60)}`,
    "a.b.c",
    client.client_secret,
    "ü",
  ]) {
    const { status, text, headers } = await introspect(client, token);
    assert.equal(status, 200);
    assert.equal(text, '{"active":false}');
    assert.equal(headers.get("cache-control"), "no-store");
  }
});

test("RFC 7662 2.1: token is required, and token_type_hint is only a hint", async () => {
  const client = await server.registerClient();
  const missing = await server.form("/oauth2/introspect", {}, client);
  assert.equal(missing.status, 400);
  assert.equal(missing.json.error, "invalid_request");
  const token = await server.clientToken(client);
  for (const token_type_hint of ["refresh_token", "access_token", "nonsense"]) {
    const { json } = await server.form("/oauth2/introspect", { token, token_type_hint }, client);
    assert.equal(json.active, true, token_type_hint);
  }
});
