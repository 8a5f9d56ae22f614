// THREATS.md section 2: who may ask, and what is told. That no kind of token passes for another is in token-kinds.test.ts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { basic, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const spa = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };

test("IN-01 without credentials, with wrong ones or as a public client nothing is said of any token", async () => {
  const client = await server.registerClient();
  const { client_id } = await server.registerClient(spa);
  const { access_token } = await server.openGrant({ client_id });
  const tokens = [await server.clientToken(client), String(access_token), "made-up"];
  for (const token of tokens)
    for (const [form, authorization] of [
      [{}, undefined],
      [{ client_id: client.client_id }, undefined],
      [{ client_id }, undefined],
      [{ client_id, client_secret: "x" }, undefined],
      [{}, basic(client_id, "")],
      [{}, basic(client.client_id, "wrong")],
      [{}, "Bearer made-up"],
      [{}, `Bearer ${token}x`],
      [{}, "Bearer"],
    ] as const) {
      const answer = await server.request("/oauth2/introspect", {
        method: "POST",
        headers: authorization === undefined ? {} : { authorization },
        body: new URLSearchParams({ token, ...form }),
      });
      assert.equal(answer.status, 401, `${JSON.stringify(form)} ${authorization}`);
      assert.ok(!answer.text.includes("active"));
      assert.notEqual(answer.headers.get("www-authenticate"), null);
    }
});

test("IN-02, IN-03 for every caller and every audience: all of it for those concerned, else {active: false} and no more", async () => {
  const [a, b] = ["https://a.example/", "https://b.example/"];
  const clients = {
    ofA: await server.registerClient({ audience: [a] }),
    ofB: await server.registerClient({ audience: [b] }),
    ofBoth: await server.registerClient({ audience: [a, b] }),
    ofNone: await server.registerClient(),
    operator: await server.registerClient({ scope: "rescind:introspect" }),
  };
  const callers = Object.values(clients);
  for (const owner of [clients.ofA, clients.ofB, clients.ofBoth, clients.ofNone]) {
    const opened = await server.openGrant(owner);
    const aud = (await server.introspect(String(opened.access_token))).aud;
    for (const caller of callers) {
      const concerned =
        caller === owner ||
        caller === clients.operator ||
        (aud === a && (caller === clients.ofA || caller === clients.ofBoth)) ||
        (aud === b && (caller === clients.ofB || caller === clients.ofBoth));
      for (const accept of ["application/json", "application/token-introspection+jwt"]) {
        const answer = await server.request("/oauth2/introspect", {
          method: "POST",
          headers: { accept, authorization: basic(caller.client_id, caller.client_secret) },
          body: new URLSearchParams({ token: String(opened.access_token) }),
        });
        const told = accept === "application/json" ? answer.json : introspectionOf(answer.text);
        if (concerned) assert.equal(told.active, true);
        else assert.deepEqual(told, { active: false });
      }
      const ofRefresh = await server.form(
        "/oauth2/introspect",
        { token: String(opened.refresh_token) },
        caller,
      );
      assert.equal(ofRefresh.json.active, caller === owner || caller === clients.operator);
    }
  }
});

function introspectionOf(jwt: string): Record<string, unknown> {
  const payload: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
  return (payload as { token_introspection: Record<string, unknown> }).token_introspection; // RFC 9701 section 5
}

test("IN-07 every token that is issued can be introspected and revoked; a longer one is refused, and the answer is bounded", async () => {
  const scopeOf = (length: number): string => "s".repeat(length);
  for (const access_token_format of ["jwt", "opaque"]) {
    const scope = [500, 1000, 2000].map(scopeOf).join(" ");
    const client = await server.registerClient({
      scope,
      access_token_format,
      custom_claims: { a: "x".repeat(2000) },
    });
    let refused = 0;
    for (const asked of [500, 1000, 2000].map(scopeOf).concat(scope))
      for (const length of [0, 500, 1000, 2000]) {
        const body = {
          client_id: client.client_id,
          subject: "ü".repeat(255),
          scope: asked,
          claims: { b: "y".repeat(length) },
        };
        const { status, json, text } = await server.admin("POST", "/admin/v1/grants", body);
        if (status !== 201) {
          assert.equal(status, 400, text);
          assert.match(text, /longer than 8192 characters/);
          refused += 1;
          continue;
        }
        const answer = await server.form("/oauth2/introspect", { token: String(json.access_token) }, client);
        assert.equal(answer.json.active, true, `${asked.length} ${length}`);
        assert.ok(answer.text.length < 16_384);
        assert.equal(
          (await server.form("/oauth2/revoke", { token: String(json.access_token) }, client)).status,
          200,
        );
        assert.deepEqual(await server.introspect(String(json.access_token)), { active: false });
      }
    assert.equal(refused > 0, access_token_format === "jwt");
  }
});

test("IN-07 a token that would be too long is refused at the token endpoint too, and refreshing spends nothing", async () => {
  const scope = `${"s".repeat(2000)} t`;
  const client = await server.registerClient({ scope, custom_claims: { a: "x".repeat(2000) } });
  const asked = await server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
  assert.equal(asked.status, 200, asked.text);
  const opened = await server.openGrant(client);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const path = `/admin/v1/clients/${client.client_id}`;
  await server.admin("PATCH", path, { custom_claims: { a: "x".repeat(4000) } });
  for (const refused of [
    await server.form("/oauth2/token", { grant_type: "client_credentials" }, client),
    await server.form("/oauth2/token", form, client),
  ]) {
    assert.equal(refused.status, 400);
    assert.equal(refused.json.error, "invalid_scope");
  }
  assert.equal((await server.form("/oauth2/token", { ...form, scope: "t" }, client)).status, 200);
});

test("IN-09 GET is refused, so that no token gets into a URL", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  const answer = await server.request(`/oauth2/introspect?token=${token}`, {
    headers: { authorization: basic(client.client_id, client.client_secret) },
  });
  assert.equal(answer.status, 405);
  assert.match(answer.headers.get("allow") ?? "", /POST/);
  assert.ok(!answer.text.includes(token));
});

test("IN-10 introspection follows client, key, subject and grant at once, and what is approved again", async () => {
  const client: RegisteredClient = await server.registerClient();
  const own = await server.clientToken(client);
  const { access_token, grant_id } = await server.openGrant(client, "usr_in10");
  const states = async () =>
    Promise.all([own, access_token].map(async (token) => (await server.introspect(String(token))).active));
  for (const [unit, expected] of [
    [`clients/${client.client_id}`, [false, false]],
    [`keys/${client.keys[0]?.key_id}`, [false, true]],
  ] as const) {
    await server.admin("POST", `/admin/v1/${unit}/revoke`);
    assert.deepEqual(await states(), expected, unit);
    await server.admin("POST", `/admin/v1/${unit}/approve`);
    assert.deepEqual(await states(), [true, true], unit);
  }
  for (const select of [
    { grant_id },
    { subject: "usr_in10" },
    { subject: "usr_in10", client_id: client.client_id },
  ]) {
    const { json } = await server.admin("POST", "/admin/v1/revocations", { select });
    assert.deepEqual(await states(), [true, false], JSON.stringify(select));
    await server.admin("POST", `/admin/v1/revocations/${json.id}/lift`);
    assert.deepEqual(await states(), [true, true], JSON.stringify(select));
  }
});
