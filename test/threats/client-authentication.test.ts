// THREATS.md AC-16 to AC-20: client authentication by secret, assertion and none, at every endpoint that asks for it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { type Answered, basic, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const keys = await generateKeyPair("ES256");
const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one" }] };
const byAssertion = { token_endpoint_auth_method: "private_key_jwt", jwks };
const spa = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };
const endpoints: Record<string, Record<string, string>> = {
  "/oauth2/token": { grant_type: "client_credentials" },
  "/oauth2/revoke": { token: "made-up" },
  "/oauth2/token/revoke": { token: "made-up" },
  "/oauth2/introspect": { token: "made-up" },
};

const now = (): number => Math.floor(Date.now() / 1000);

async function assertion(
  clientId: string,
  claims: JWTPayload = {},
  header: Partial<JWTHeaderParameters> = {},
) {
  const usual = {
    iss: clientId,
    sub: clientId,
    aud: server.issuer,
    jti: crypto.randomUUID(),
    exp: now() + 60,
    iat: now(),
  };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "one", ...header })
    .sign(keys.privateKey);
}

async function present(clientAssertion: string, path = "/oauth2/token", more: Record<string, string> = {}) {
  const form = { client_assertion_type: jwtBearer, client_assertion: clientAssertion, ...more };
  return server.form(path, { ...endpoints[path], ...form });
}

function assertInvalidClient(answer: Answered, what: string): void {
  assert.equal(answer.status, 401, `${what}: ${answer.text}`);
  assert.equal(answer.json.error, "invalid_client", what);
  assert.equal(answer.headers.get("cache-control"), "no-store");
}

test("a good assertion is accepted at every endpoint, each one once", async () => {
  const { client_id } = await server.registerClient(byAssertion);
  for (const path of Object.keys(endpoints)) {
    assert.equal((await present(await assertion(client_id), path)).status, 200, path);
    assert.equal((await present(await assertion(client_id), path, { client_id })).status, 200, path);
  }
});

test("AC-16 an assertion works once, at whatever endpoint, also when presented many times at once", async () => {
  const { client_id } = await server.registerClient(byAssertion);
  for (const first of Object.keys(endpoints)) {
    const text = await assertion(client_id);
    assert.equal((await present(text, first)).status, 200);
    for (const second of Object.keys(endpoints))
      assertInvalidClient(await present(text, second), `${first} ${second}`);
  }
  for (let round = 0; round < 5; round++) {
    const other = await server.registerClient(byAssertion); // its own, since failures are limited per client
    const text = await assertion(other.client_id);
    const answers = await Promise.all(Array.from({ length: 16 }, () => present(text)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  }
});

test("AC-16 the same jti of two clients is two assertions, and it is remembered over a restart", async () => {
  const [a, b] = [await server.registerClient(byAssertion), await server.registerClient(byAssertion)];
  const jti = crypto.randomUUID();
  const ofA = await assertion(a.client_id, { jti });
  assert.equal((await present(ofA)).status, 200);
  assert.equal((await present(await assertion(b.client_id, { jti }))).status, 200);
  await server.restart();
  assertInvalidClient(await present(ofA), "after a restart");
  assertInvalidClient(
    await present(await assertion(a.client_id, { jti })),
    "another assertion with the same jti",
  );
});

test("AC-17 the audience is the issuer, alone; the token endpoint only for a client that says so", async () => {
  const strict = await server.registerClient(byAssertion);
  const lenient = await server.registerClient({
    ...byAssertion,
    client_assertion_audience: "token_endpoint",
  });
  const endpoint = `${server.issuer}/oauth2/token`;
  for (const [aud, forStrict, forLenient] of [
    [server.issuer, 200, 200],
    [[server.issuer], 200, 200],
    [endpoint, 401, 200],
    [[endpoint], 401, 200],
    [[server.issuer, endpoint], 401, 401],
    [[server.issuer, "https://evil.example"], 401, 401],
    [`${server.issuer}/`, 401, 401],
    [`${server.issuer}/oauth2/introspect`, 401, 401],
    [server.issuer.toUpperCase(), 401, 401],
    ["https://evil.example", 401, 401],
    [[], 401, 401],
    [[[server.issuer]], 401, 401],
    [{ 0: server.issuer }, 401, 401],
    [undefined, 401, 401],
  ] as const) {
    const claims = { aud } as JWTPayload; // wrong shapes on purpose
    assert.equal(
      (await present(await assertion(strict.client_id, claims))).status,
      forStrict,
      JSON.stringify(aud),
    );
    assert.equal(
      (await present(await assertion(lenient.client_id, claims))).status,
      forLenient,
      JSON.stringify(aud),
    );
  }
});

test("an assertion whose claims are wrong, missing, too old, too new or too long-lived is refused", async () => {
  const { client_id } = await server.registerClient(byAssertion);
  const other = await server.registerClient(byAssertion);
  const wrong: JWTPayload[] = [
    { iss: "someone" },
    { iss: other.client_id },
    { exp: now() - 60 },
    { exp: now() + 7200 },
    { nbf: now() + 600 },
    { iat: now() + 600 },
    { jti: "" },
    { jti: "x".repeat(256) },
  ];
  for (const name of ["iss", "exp", "jti"]) wrong.push({ [name]: undefined });
  for (const name of ["exp", "nbf", "iat", "jti"]) wrong.push({ [name]: {} } as unknown as JWTPayload); // on purpose
  for (const claims of wrong)
    assertInvalidClient(await present(await assertion(client_id, claims)), JSON.stringify(claims));
  assert.equal((await present(await assertion(client_id))).status, 200);
  const mismatch = await present(await assertion(client_id), "/oauth2/token", { client_id: other.client_id });
  assert.equal(mismatch.json.error, "invalid_request");
});

test("AC-18 two ways to authenticate at once are invalid_request at every endpoint, good or not", async () => {
  const client = await server.registerClient();
  const { client_id, client_secret } = client;
  const header = basic(client_id, client_secret);
  for (const [path, form] of Object.entries(endpoints))
    for (const [authorization, more] of [
      [header, { client_id, client_secret }],
      [header, { client_secret }],
      [header, { client_secret: "wrong" }],
      [basic(client_id, "wrong"), { client_id, client_secret }],
      [header, { client_id: "another" }],
      [header, { client_assertion_type: jwtBearer, client_assertion: "a.b.c" }],
      [undefined, { client_id, client_secret, client_assertion_type: jwtBearer, client_assertion: "a.b.c" }],
      [undefined, { client_id, client_assertion_type: jwtBearer }],
      [undefined, { client_assertion: "a.b.c" }],
      [undefined, { client_assertion: "a.b.c", client_assertion_type: "urn:other" }],
    ] as const) {
      const answer = await server.request(path, {
        method: "POST",
        headers: authorization === undefined ? {} : { authorization },
        body: new URLSearchParams({ ...form, ...more }),
      });
      assert.equal(answer.status, 400, `${path} ${authorization} ${JSON.stringify(more)}`);
      assert.equal(answer.json.error, "invalid_request");
    }
});

test("AC-19 the method is the registered one: confidential is never taken for public, nor one proof for another", async () => {
  const secret = await server.registerClient({ grant_types: ["client_credentials", "refresh_token"] });
  const signed = await server.registerClient(byAssertion);
  const open = await server.registerClient(spa);
  const { refresh_token } = await server.openGrant(open);
  const refreshing = { grant_type: "refresh_token", refresh_token: String(refresh_token) };
  for (const path of Object.keys(endpoints)) {
    const form = endpoints[path] ?? {};
    for (const { client_id } of [secret, signed])
      assertInvalidClient(await server.form(path, { ...form, client_id }), `${path} as a public client`);
    const asSecret = { client_id: signed.client_id, client_secret: "x" };
    assertInvalidClient(await server.form(path, { ...form, ...asSecret }), `${path} secret for an assertion`);
    assertInvalidClient(
      await present(await assertion(secret.client_id), path),
      `${path} assertion for a secret`,
    );
    assertInvalidClient(
      await present(await assertion(open.client_id), path),
      `${path} assertion of a public client`,
    );
    const withSecret = { client_id: open.client_id, client_secret: secret.client_secret };
    assertInvalidClient(
      await server.form(path, { ...form, ...withSecret }),
      `${path} secret of a public client`,
    );
  }
  assert.equal(
    (await server.form("/oauth2/token", { ...refreshing, client_id: open.client_id })).status,
    200,
  );
});

test("AC-19 a change is checked as a whole: a client becomes public only as a public one may be", async () => {
  const client = await server.registerClient({ refresh_token_rotation: false });
  const path = `/admin/v1/clients/${client.client_id}`;
  for (const [body, pointer] of [
    [{ token_endpoint_auth_method: "none" }, /refresh_token_rotation|grant_types/],
    [{ token_endpoint_auth_method: "none", refresh_token_rotation: true }, /grant_types/],
    [{ token_endpoint_auth_method: "private_key_jwt" }, /jwks/],
    [{ jwks }, /jwks/],
    [{ client_secret: "x".repeat(40) }, /client_secret/],
    [{ client_id: "another" }, /client_id/],
    [{ first_party: "yes" }, /first_party/],
  ] as const) {
    const answer = await server.admin("PATCH", path, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.text, pointer);
  }
  const good = await server.admin("PATCH", path, byAssertion);
  assert.equal(good.status, 200);
  assertInvalidClient(
    await server.form("/oauth2/token", { grant_type: "client_credentials" }, client),
    "the old secret",
  );
  assert.equal((await present(await assertion(client.client_id))).status, 200);
});

test("AC-19 a private key in jwks is refused, as are keys that sign with a shared secret", async () => {
  const symmetric = { kty: "oct", k: "c2VjcmV0", kid: "one" };
  const secretKey = await generateKeyPair("ES256", { extractable: true });
  for (const key of [await exportJWK(secretKey.privateKey), symmetric, { kty: "EC" }, {}]) {
    const body = { name: "x", grant_types: ["client_credentials"], ...byAssertion, jwks: { keys: [key] } };
    const answer = await server.admin("POST", "/admin/v1/clients", body);
    assert.equal(answer.status, 400, JSON.stringify(key));
    assert.match(answer.text, /\/jwks/);
  }
});

async function failures(client: RegisteredClient, count: number, forwarded?: string): Promise<Answered[]> {
  const answers: Answered[] = [];
  const headers = {
    authorization: basic(client.client_id, "wrong"),
    ...(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }),
  };
  for (let i = 0; i < count; i++) {
    const body = new URLSearchParams({ grant_type: "client_credentials" });
    answers.push(await server.request("/oauth2/token", { method: "POST", headers, body }));
  }
  return answers;
}

test("AC-20 thirty failures a minute, then 429 with Retry-After, for this client only and whatever the endpoint", async () => {
  const client = await server.registerClient();
  const other = await server.registerClient();
  const answers = await failures(client, 35);
  assert.ok(answers.slice(0, 30).every(({ status }) => status === 401));
  for (const { status, headers, json } of answers.slice(30)) {
    assert.equal(status, 429);
    assert.equal(json.error, "temporarily_unavailable");
    const seconds = Number(headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 60);
  }
  for (const [path, form] of Object.entries(endpoints))
    assert.equal(
      (await server.form(path, form, client)).status,
      429,
      "a right secret is not told from a wrong one",
    );
  assert.equal((await server.form("/oauth2/token", { grant_type: "client_credentials" }, other)).status, 200);
});

test("AC-20 an address cannot be made up: without a trusted proxy X-Forwarded-For does not count", async () => {
  const client = await server.registerClient();
  for (let i = 0; i < 31; i++) await failures(client, 1, `203.0.113.${i}`);
  const [last] = await failures(client, 1, "198.51.100.7");
  assert.equal(last?.status, 429);
});

test("AC-20 successes are never limited, and do not forgive failures", async () => {
  const client = await server.registerClient();
  const good = () => server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
  await failures(client, 29);
  const many = await Promise.all(Array.from({ length: 60 }, good));
  assert.ok(many.every(({ status }) => status === 200));
  await failures(client, 1);
  assert.equal((await good()).status, 429);
});

test("AC-20 unknown clients are refused like known ones with a wrong secret, and limited like them", async () => {
  const known = await server.registerClient();
  const shapes = new Set<string>();
  for (const client_id of [known.client_id, "unknown-client"]) {
    const answers = await failures({ ...known, client_id }, 31);
    shapes.add(
      JSON.stringify(
        answers.map(({ status, text, headers }) => [status, text, headers.get("www-authenticate")]),
      ),
    );
  }
  assert.equal(shapes.size, 1);
});
