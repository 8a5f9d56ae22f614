// THREATS.md section 4, codes: one use, one client, one verifier, one minute, and nothing after a revocation.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { formatToken, parseToken, randomBytesPerToken } from "@rescind/core";
import { challengeOf, peopleOf, pkce, redirectUri } from "../people.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";
import { rounds } from "../seed.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const client = await people.client();
const opaque = await people.client({ access_token_format: "opaque" });
const person = await people.signIn();

function assertInvalidGrant(answer: Answered, what = ""): void {
  assert.equal(answer.status, 400, `${what} ${answer.text}`);
  assert.equal(answer.json.error, "invalid_grant", `${what} ${answer.text}`);
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function grantsOf(subject: string): Promise<unknown[]> {
  const { json } = await server.admin("GET", `/admin/v1/grants?subject=${subject}`);
  return json.items as unknown[]; // the contract's list
}

/** As if its minute were over. */
function expire(code: string): void {
  const database = new DatabaseSync(join(server.data, "rescind.db"), { timeout: 5000 });
  const { changes } = database
    .prepare("UPDATE codes SET exp = iat - 1 WHERE id = ?")
    .run(BigInt(parseToken(code)?.rowId ?? "0"));
  database.close();
  assert.equal(Number(changes), 1);
}

test("AC-01 AC-02 C1 C2 of 64 concurrent redemptions of one code one wins, opens the only grant, and the others end it", async () => {
  for (let round = 0; round < rounds(24, 2000); round++) {
    const by = round % 2 === 0 ? client : opaque;
    const someone = await people.signIn();
    const code = await people.code(by, someone, { scopes: ["openid", "offline_access"] });
    const answers = await Promise.all(Array.from({ length: 64 }, () => people.redeem(by, code)));
    const [winner, ...more] = answers.filter(({ status }) => status === 200);
    assert.ok(winner !== undefined && more.length === 0, `round ${round}`);
    for (const answer of answers.filter((one) => one !== winner)) {
      assertInvalidGrant(answer, `round ${round}`);
      assert.ok(Number(answer.headers.get("rescind-seq")) > 0);
    }
    assert.equal((await grantsOf(someone.subject)).length, 1);
    assert.equal(await isLive(winner.json.access_token), false);
    assert.equal(await isLive(winner.json.refresh_token), false);
  }
});

test("AC-02 C2 a second use ends every token of the first one, the rotated ones too, for good and on the log", async () => {
  const code = await people.code(client, person, { scopes: ["openid", "offline_access"] });
  const first = await people.redeem(client, code);
  assert.equal(first.status, 200, first.text);
  const form = { grant_type: "refresh_token", refresh_token: String(first.json.refresh_token) };
  const rotated = await server.form("/oauth2/token", form, client);
  const spared = await people.tokens(client, person);
  assert.ok(await isLive(rotated.json.access_token));
  const second = await people.redeem(client, code);
  assertInvalidGrant(second);
  assert.ok(Number(second.headers.get("rescind-seq")) > 0);
  for (const answer of [first, rotated])
    for (const token of [answer.json.access_token, answer.json.refresh_token])
      assert.equal(await isLive(token), false);
  assert.ok(await isLive(spared.access_token), "another code's tokens stay");
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [order] = json.items as Record<string, unknown>[]; // the contract's list
  assert.deepEqual([order?.reason, order?.final, order?.seq].map(String), [
    "replay_detected",
    "true",
    second.headers.get("rescind-seq"),
  ]);
  assert.deepEqual(order?.actor, { kind: "client", id: client.client_id });
});

test("AC-02 a second use after the code has expired, or with a wrong verifier, ends the grant too", async () => {
  for (const form of [{}, { code_verifier: "x".repeat(43) }, { redirect_uri: "https://app.example/other" }]) {
    const code = await people.code(client, person);
    const { json } = await people.redeem(client, code);
    assert.ok(await isLive(json.access_token));
    if (Object.keys(form).length === 0) expire(code);
    assertInvalidGrant(await people.redeem(client, code, form));
    assert.equal(await isLive(json.access_token), false, JSON.stringify(form));
  }
});

test("AC-03 a code lives for 60 seconds", async () => {
  const at = Math.floor(Date.now() / 1000);
  const old = await people.code(client, person, { issuedAt: at - 60, expiresAt: at });
  assertInvalidGrant(await people.redeem(client, old));
  const young = await people.code(client, person, { issuedAt: at - 30, expiresAt: at + 30 });
  assert.equal((await people.redeem(client, young)).status, 200);
});

test("AC-04 a code is good for its client, redirect_uri and verifier only, and a wrong attempt spends nothing", async () => {
  const other = await people.client();
  const code = await people.code(client, person);
  const wrong: [string, RegisteredClient, Record<string, string>][] = [
    ["another client", other, {}],
    ["another redirect_uri", client, { redirect_uri: `${redirectUri}/` }],
    ["no redirect_uri", client, { redirect_uri: "" }],
    ["another verifier", client, { code_verifier: "x".repeat(43) }],
    ["the challenge as verifier", client, { code_verifier: pkce.challenge }],
    ["a short verifier", client, { code_verifier: "short" }],
    ["no verifier", client, { code_verifier: "" }],
  ];
  for (const [what, by, form] of wrong) {
    const answer = await people.redeem(by, code, form);
    assertInvalidGrant(answer, what);
    assert.equal(answer.headers.get("rescind-seq"), null, what);
  }
  const unauthenticated = await server.form("/oauth2/token", {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: pkce.verifier,
    client_id: client.client_id,
  });
  assert.equal(unauthenticated.status, 401);
  const answer = await people.redeem(client, code);
  assert.equal(answer.status, 200, answer.text);
  assertInvalidGrant(await people.redeem(other, code), "another client's replay");
  assert.ok(await isLive(answer.json.access_token), "which ends nothing");
});

test("AC-04 a code whose request left redirect_uri out may be redeemed without it, and with the one that was meant", async () => {
  const facts = { redirectUriSent: false };
  for (const redirect_uri of ["", redirectUri]) {
    const answer = await people.redeem(client, await people.code(client, person, facts), { redirect_uri });
    assert.equal(answer.status, 200, answer.text);
  }
  const code = await people.code(client, person, facts);
  assertInvalidGrant(await people.redeem(client, code, { redirect_uri: "https://evil.example/" }));
});

test("AC-05 nothing but a code is a code, and a code is nothing else", async () => {
  const code = await people.code(client, person);
  const tokens = await people.tokens(client, person);
  const random = new Uint8Array(randomBytesPerToken).fill(7);
  const rowOf = (text: unknown) => parseToken(String(text))?.rowId ?? "1";
  for (const [what, text] of [
    ["an access token", tokens.access_token],
    ["a refresh token", tokens.refresh_token],
    ["an ID token", tokens.id_token],
    ["a session's cookie", person.cookie],
    ["a client secret", client.client_secret],
    ["a code of a refresh token's row", formatToken("code", rowOf(tokens.refresh_token), random)],
    ["a made-up code of the row", formatToken("code", rowOf(code), random)],
    ["a refresh token's prefix", code.replace("rac_", "rrt_")],
    ["one letter less", code.slice(0, -1)],
    ["one letter more", `${code}0`],
    ["another case", code.toUpperCase()],
  ] as const)
    assertInvalidGrant(await people.redeem(client, String(text)), what);
  assert.equal(await isLive(code), false);
  const userinfo = await server.request("/oauth2/userinfo", { headers: { authorization: `Bearer ${code}` } });
  assert.equal(userinfo.status, 401);
  const form = { grant_type: "refresh_token", refresh_token: code };
  assertInvalidGrant(await server.form("/oauth2/token", form, client), "as a refresh token");
  assert.equal((await server.form("/oauth2/revoke", { token: code }, client)).status, 200);
  assert.equal((await people.redeem(client, code)).status, 200, "it is still as good as it was");
});

test("AC-06 verifier and challenge go together: all four cells", async () => {
  const lax = await people.client({ require_pkce: false });
  const cells = [
    { codeChallenge: pkce.challenge, code_verifier: pkce.verifier, status: 200 },
    { codeChallenge: pkce.challenge, code_verifier: "", status: 400 },
    { codeChallenge: undefined, code_verifier: pkce.verifier, status: 400 },
    { codeChallenge: undefined, code_verifier: "", status: 200 },
  ];
  for (const { codeChallenge, code_verifier, status } of cells) {
    const answer = await people.redeem(lax, await people.code(lax, person, { codeChallenge }), {
      code_verifier,
    });
    assert.equal(answer.status, status, answer.text);
    if (status === 400) assertInvalidGrant(answer);
  }
});

test("AC-07 plain is refused wherever it is tried, and a challenge is a hash or nothing", async () => {
  const request = {
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope: "openid",
  };
  const lax = await people.client({ require_pkce: false });
  for (const more of [
    { code_challenge: pkce.verifier, code_challenge_method: "plain" },
    { code_challenge: pkce.challenge },
    { code_challenge: pkce.challenge, code_challenge_method: "s256" },
    { code_challenge: pkce.challenge, code_challenge_method: "S512" },
    { code_challenge: "short", code_challenge_method: "S256" },
    { code_challenge_method: "S256" },
  ] as Record<string, string>[])
    for (const { client_id } of [client, lax]) {
      const query = new URLSearchParams({ ...request, ...more, client_id });
      const answer = await server.request(`/oauth2/authorize?${query}`);
      const location = new URL(answer.headers.get("location") ?? "about:blank");
      assert.equal(location.searchParams.get("error"), "invalid_request", JSON.stringify(more));
    }
  const { json } = await server.request("/.well-known/openid-configuration");
  assert.deepEqual(json.code_challenge_methods_supported, ["S256"]);
  const verifier = "y".repeat(43);
  const plain = await people.code(client, person, { codeChallenge: verifier });
  assertInvalidGrant(await people.redeem(client, plain, { code_verifier: verifier }));
  const hashed = await people.code(client, person, { codeChallenge: challengeOf(verifier) });
  assert.equal((await people.redeem(client, hashed, { code_verifier: verifier })).status, 200);
});

test("a code made before a revocation of anything it belongs to is refused afterwards, one made later is not", async () => {
  const by = await people.client();
  for (const selectOf of [
    (sid: string, _sub: string) => ({ session_id: sid }),
    (_sid: string, sub: string) => ({ subject: sub }),
    () => ({ client_id: by.client_id }),
    (_sid: string, sub: string) => ({ subject: sub, client_id: by.client_id }),
    () => ({ all: true }),
  ]) {
    const user = await people.addUser();
    const before = await people.signIn(user);
    for (const scopes of [["openid"], ["openid", "offline_access"]]) {
      const code = await people.code(by, before, { scopes });
      const select = selectOf(before.sessionId, before.subject);
      const order = await server.admin("POST", "/admin/v1/revocations", { select });
      assert.equal(order.status, 201, order.text);
      assertInvalidGrant(await people.redeem(by, code), JSON.stringify(select));
      const anew = await people.signIn(user);
      assert.equal(
        (await people.redeem(by, await people.code(by, anew))).status,
        200,
        JSON.stringify(select),
      );
    }
  }
});

test("B4 codes that are redeemed while their person is revoked leave nothing live, whatever came first", async () => {
  let redeemed = 0;
  let refused = 0;
  for (let round = 0; round < rounds(30, 1000); round++) {
    const someone = await people.signIn();
    const codes = await Promise.all(Array.from({ length: 8 }, () => people.code(opaque, someone)));
    const select = round % 2 === 0 ? { subject: someone.subject } : { session_id: someone.sessionId };
    const order = server.admin("POST", "/admin/v1/revocations", { select });
    const answers = await Promise.all(codes.map((code) => people.redeem(opaque, code)));
    assert.equal((await order).status, 201);
    for (const { status, json } of answers) {
      if (status === 200) {
        redeemed += 1;
        assert.equal(await isLive(json.access_token), false, `round ${round}`);
        assert.equal(await isLive(json.refresh_token), false, `round ${round}`);
      } else refused += 1;
    }
  }
  assert.equal(redeemed + refused, rounds(30, 1000) * 8);
});

test("a code is refused once its session was logged out, its person disabled, or its client suspended", async () => {
  const loggedOut = await people.signIn();
  const { id_token } = await people.tokens(client, loggedOut);
  const codes = [
    await people.code(client, loggedOut),
    await people.code(client, loggedOut, { scopes: ["offline_access"] }),
  ];
  await server.request(`/oauth2/logout?id_token_hint=${id_token}`, {
    headers: { cookie: `rescind_session=${loggedOut.cookie}` },
  });
  for (const code of codes) assertInvalidGrant(await people.redeem(client, code), "logged out");

  const user = await people.addUser();
  const disabled = await people.code(client, await people.signIn(user));
  // Without the order that the admin API appends: the status counts by itself (RV-16).
  await people.store.changeUser({ ...user, status: "disabled" }, [], Date.now());
  assertInvalidGrant(await people.redeem(client, disabled), "disabled");

  const gone = await people.addUser();
  const orphan = await people.code(client, await people.signIn(gone));
  await people.store.deleteUser(gone.subject, []);
  assertInvalidGrant(await people.redeem(client, orphan), "deleted");

  const suspended = await people.client();
  const held = await people.code(suspended, await people.signIn());
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`, {});
  assert.equal((await people.redeem(suspended, held)).status, 401);
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/approve`, {});
  assert.equal((await people.redeem(suspended, held)).status, 200, "a lift brings it back in time");
});

test("an order with before spares what was authorised later: the code and its session", async () => {
  const user = await people.addUser();
  const someone = await people.signIn(user);
  const code = await people.code(client, someone);
  const before = new Date(Math.floor(Date.now() / 1000) * 1000 - 100_000).toISOString().replace(".000", "");
  const select = { subject: user.subject };
  const order = await server.admin("POST", "/admin/v1/revocations", { select, before });
  assert.equal(order.status, 201, order.text);
  assert.equal((await people.redeem(client, code)).status, 200);
});
