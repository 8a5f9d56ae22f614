// THREATS.md section 1 at the revocation endpoint: who may revoke, what answers give away, what a revocation reaches.
// Token texts are in token-text.test.ts, races in revocation-races.test.ts, reach in blast-radius.test.ts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Answered, basic, type RegisteredClient, startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";
import { until } from "../until.ts";

const server = await startTestServer();
after(() => server.close());

const spa = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };
const paths = ["/oauth2/revoke", "/oauth2/token/revoke"];

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function post(
  path: string,
  form: string | Record<string, string>,
  authorization?: string,
): Promise<Answered> {
  const headers = authorization === undefined ? {} : { authorization };
  return server.request(path, { method: "POST", headers, body: new URLSearchParams(form) });
}

async function head(): Promise<unknown> {
  return (await server.introspect(await server.adminToken())).head;
}

test("RV-02 C4 for every client and every token of another, revoking has no effect and is answered alike", async () => {
  const confidential = [
    await server.registerClient(),
    await server.registerClient({ access_token_format: "opaque" }),
  ];
  const publics = [await server.registerClient(spa), await server.registerClient(spa)];
  const tokens: { readonly owner: string; readonly token: string }[] = [];
  for (const { client_id } of [...confidential, ...publics]) {
    const { access_token, refresh_token } = await server.openGrant({ client_id });
    for (const token of [access_token, refresh_token])
      tokens.push({ owner: client_id, token: String(token) });
  }
  const before = await head();
  const answers = new Set<string>();
  for (const { owner, token } of tokens)
    for (const caller of [...confidential, ...publics]) {
      if (caller.client_id === owner) continue;
      for (const cascade of ["", "token", "grant", "subject_client"]) {
        const form = { token, cascade, client_id: caller.client_id };
        const answer = publics.some(({ client_id }) => client_id === caller.client_id)
          ? await post("/oauth2/revoke", form)
          : await post("/oauth2/revoke", form, basic(caller.client_id, caller.client_secret));
        answers.add(`${answer.status} ${answer.text}`);
        assert.equal(answer.headers.get("rescind-seq"), null);
      }
    }
  assert.equal(answers.size, 1);
  assert.match([...answers][0] ?? "", /^400 .*"invalid_grant"/);
  for (const { token } of tokens) assert.equal(await isLive(token), true);
  assert.equal(await head(), before, "nothing was appended");
});

test("RV-03 a public client revokes its own tokens, by client_id alone", async () => {
  for (const format of ["jwt", "opaque"]) {
    const { client_id } = await server.registerClient({ ...spa, access_token_format: format });
    for (const path of paths) {
      const { access_token, refresh_token } = await server.openGrant({ client_id });
      for (const token of [access_token, refresh_token]) {
        assert.equal((await post(path, { token: String(token), client_id })).status, 200);
        assert.equal(await isLive(token), false, `${format} ${path}`);
      }
    }
  }
});

test("RV-04 C4 without good credentials nothing is revoked: missing, wrong, of another method, of another client, two at once", async () => {
  const client = await server.registerClient();
  const other = await server.registerClient();
  const { client_id, client_secret } = client;
  const { access_token, refresh_token } = await server.openGrant(client);
  const assertion = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "a.b.c",
  };
  for (const token of [access_token, refresh_token].map(String))
    for (const [status, form, authorization] of [
      [401, {}, undefined],
      [401, { client_id }, undefined],
      [401, { client_id, client_secret: "wrong" }, undefined],
      [401, { client_id, client_secret: other.client_secret }, undefined],
      [401, { client_id: other.client_id, client_secret }, undefined],
      [401, {}, basic(client_id, "wrong")],
      [401, {}, basic("unknown", client_secret)],
      [401, {}, `Basic ${Buffer.from("no colon").toString("base64")}`],
      [401, {}, "Basic !!!"],
      [401, {}, `Digest username="${client_id}"`],
      [401, {}, `Bearer ${token}`],
      [401, { client_id, ...assertion }, undefined],
      [400, { client_id, client_secret }, basic(client_id, client_secret)],
      [400, { client_id: other.client_id }, basic(client_id, client_secret)],
      [400, { client_id, client_secret, ...assertion }, undefined],
      [400, assertion, basic(client_id, client_secret)],
    ] as const) {
      const answer = await post("/oauth2/revoke", { token, ...form }, authorization);
      assert.equal(answer.status, status, `${authorization} ${JSON.stringify(form)}`);
      assert.equal(answer.json.error, status === 401 ? "invalid_client" : "invalid_request");
      if (answer.status === 401) assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic realm=/);
      assert.equal(await isLive(token), true, `${authorization} ${JSON.stringify(form)}`);
    }
});

test("RV-06 unknown, made-up, expired and revoked tokens are answered by the same status, headers and body", async () => {
  const client = await server.registerClient({ access_token_ttl: 1 });
  const expired = await server.clientToken(client);
  await until(async () => !(await isLive(expired)));
  const lasting = await server.registerClient();
  for (const [caller, known] of [
    [client, expired],
    [lasting, await server.clientToken(lasting)],
    [lasting, String((await server.openGrant(lasting)).refresh_token)],
  ] as const) {
    const authorization = basic(caller.client_id, caller.client_secret);
    await post("/oauth2/revoke", { token: known }, authorization);
    const shapes = new Set<string>();
    for (const token of [known, "made-up", `rat_${"0".repeat(60)}`, `rrt_${"z".repeat(60)}`, `${known}x`]) {
      const { status, headers, text } = await post("/oauth2/revoke", { token }, authorization);
      const told = [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
      shapes.add(JSON.stringify([status, told, text]));
    }
    assert.deepEqual([...shapes].length, 1, [...shapes].join("\n"));
  }
});

test("RV-07 no token_type_hint keeps a token from being found", async () => {
  const client = await server.registerClient();
  const hint = fc.oneof(
    fc.constantFrom("access_token", "refresh_token", "id_token", "__proto__"),
    fc.string({ minLength: 1 }),
  );
  const property = fc.asyncProperty(
    hint,
    fc.constantFrom("access_token", "refresh_token"),
    async (text, which) => {
      const token_type_hint = text.isWellFormed() ? text.replaceAll("\0", "") : "x";
      const token = String((await server.openGrant(client))[which]);
      const seen = await server.form("/oauth2/introspect", { token, token_type_hint }, client);
      assert.equal(seen.json.active, true);
      const { status } = await server.form("/oauth2/revoke", { token, token_type_hint }, client);
      assert.equal(status, 200);
      assert.equal(await isLive(token), false);
    },
  );
  await fc.assert(property, { seed, numRuns: rounds(40, 1000) });
});

test("RV-08 a refresh token's end is its access tokens' end, of every generation; an access token's end is its own", async () => {
  const client = await server.registerClient();
  for (let generation = 0; generation < 4; generation++) {
    const opened = await server.openGrant(client);
    const chain = [opened.access_token];
    let refresh = opened.refresh_token;
    for (let i = 0; i < 3; i++) {
      const form = { grant_type: "refresh_token", refresh_token: String(refresh) };
      const { json } = await server.form("/oauth2/token", form, client);
      chain.push(String(json.access_token));
      if (i === generation) await server.form("/oauth2/revoke", { token: String(json.access_token) }, client);
      refresh = String(json.refresh_token);
    }
    const states = await Promise.all(chain.map(isLive));
    assert.deepEqual(
      states,
      [0, 1, 2, 3].map((i) => i !== generation + 1),
    );
    await server.form("/oauth2/revoke", { token: String(refresh) }, client);
    assert.deepEqual(await Promise.all(chain.map(isLive)), [false, false, false, false]);
  }
});

test("RV-17 there is no JSONP but for those who asked for it: GET and callback are refused, and nothing of the request comes back", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  const query = `?token=${token}&client_id=${client.client_id}&callback=alert_marker`;
  for (const path of paths) {
    const got = await server.request(`${path}${query}`);
    assert.equal(got.status, 405);
    assert.match(got.headers.get("allow") ?? "", /POST/);
    for (const answer of [
      got,
      await post(`${path}?callback=alert_marker`, { callback: "alert_marker", token: "x" }),
    ]) {
      assert.ok(!answer.text.includes("alert_marker"));
      assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    }
  }
  assert.equal(await isLive(token), true);
});

test("RV-18 many revocations of one client are answered while another's goes through at once", async () => {
  const loud = await server.registerClient();
  const quiet = await server.registerClient();
  const tokens = await Promise.all(Array.from({ length: 300 }, () => server.clientToken(loud)));
  const flood = Promise.all(tokens.map((token) => server.form("/oauth2/revoke", { token }, loud)));
  const token = await server.clientToken(quiet);
  assert.equal((await server.form("/oauth2/revoke", { token }, quiet)).status, 200);
  assert.equal(await isLive(token), false);
  assert.ok((await flood).every(({ status }) => status === 200));
});

test("RV-20 numbers decide, not clocks: within one second what came before an order dies and what comes after lives", async () => {
  const client = await server.registerClient();
  for (const [select, openFor] of [
    [{ subject: "usr_tick" }, (by: RegisteredClient) => server.openGrant(by, "usr_tick")],
    [{ client_id: client.client_id }, (by: RegisteredClient) => server.openGrant(by, "usr_tock")],
  ] as const)
    for (let i = 0; i < 5; i++) {
      const before = await openFor(client);
      assert.equal((await server.admin("POST", "/admin/v1/revocations", { select })).status, 201);
      const afterwards = await openFor(client);
      assert.deepEqual(
        await Promise.all([before.access_token, before.refresh_token, afterwards.access_token].map(isLive)),
        [false, false, true],
      );
    }
});

test("RV-20 before is inclusive, never in the future, and spares what was authorised later", async () => {
  const client = await server.registerClient();
  const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
  const order = (before: string) =>
    server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_past" }, before });
  const { access_token } = await server.openGrant(client, "usr_past");
  const openedAt = Number((await server.introspect(String(access_token))).grant_iat) * 1000;
  assert.equal((await order(at(Date.now() + 60_000))).status, 400);
  assert.equal((await order(at(openedAt - 1000))).status, 201);
  assert.equal(await isLive(access_token), true);
  assert.equal((await order(at(openedAt))).status, 201);
  assert.equal(await isLive(access_token), false);
});
