// Reports of leaked tokens: CONTRACT.md section 3. Whoever has a token may end it, and learns nothing by doing so.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { formatToken, parseToken, randomBytesPerToken } from "@rescind/core";
import { exchanged, exchanger } from "../exchanges.ts";
import { lockDatabase } from "../faults/database-lock.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { peopleOf } from "../people.ts";
import { type Answered, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

// Reporters are told apart by the address that a proxy names, so that a test may be many of them.
const server = await startTestServer(["--trusted-proxies", "127.0.0.1"]);
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

let reporters = 0;

function newAddress(): string {
  reporters += 1;
  return `203.0.${Math.floor(reporters / 250)}.${1 + (reporters % 250)}`;
}

async function post(body: string, address = newAddress(), headers: Record<string, string> = {}) {
  return server.request("/leaked-tokens", {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address, ...headers },
    body,
  });
}

async function report(tokens: readonly unknown[], address?: string): Promise<Answered> {
  const answer = await post(JSON.stringify({ tokens: tokens.map(String) }), address);
  assert.equal(answer.status, 202, answer.text);
  return answer;
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function head(): Promise<unknown> {
  return (await server.introspect(await server.adminToken())).head;
}

interface OrderItem {
  readonly id: string;
  readonly select: Record<string, string>;
  readonly reason: string;
  readonly note: string;
  readonly actor: object;
  readonly final: boolean;
}

async function newestOrders(limit: number): Promise<OrderItem[]> {
  const { json } = await server.admin("GET", `/admin/v1/revocations?limit=${limit}`);
  return json.items as OrderItem[]; // the contract's RevocationItem
}

for (const access_token_format of ["jwt", "opaque"]) {
  test(`a reported access token ends alone (${access_token_format}), a reported refresh token with its grant`, async () => {
    const client = await server.registerClient({ access_token_format });
    const [first, second] = [await server.openGrant(client), await server.openGrant(client)];
    const own = await server.clientToken(client);
    await report([first.access_token, own]);
    assert.equal(await isLive(first.access_token), false);
    assert.equal(await isLive(own), false);
    assert.equal(await isLive(first.refresh_token), true);
    await report([second.refresh_token]);
    assert.equal(await isLive(second.access_token), false);
    assert.equal(await isLive(second.refresh_token), false);
    assert.equal(await isLive(first.refresh_token), true);
  });
}

test("a spent refresh token still ends its grant", async () => {
  const client = await server.registerClient();
  const { refresh_token } = await server.openGrant(client);
  const form = { grant_type: "refresh_token", refresh_token: String(refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  await report([refresh_token]);
  assert.equal(await isLive(json.access_token), false);
  assert.equal(await isLive(json.refresh_token), false);
});

test("a token that was imported ends by its text, and one that was exchanged dies with its parent", async () => {
  const client = await server.registerClient();
  const token = "made-elsewhere-0123456789";
  const expires_at = new Date(Date.now() + 600_000).toISOString().replace(/\.\d+Z$/, "Z");
  const imported = await server.admin("POST", "/admin/v1/tokens/import", {
    token,
    client_id: client.client_id,
    subject: "usr_imported",
    expires_at,
  });
  assert.equal(imported.status, 201, imported.text);
  assert.equal(await isLive(token), true);
  const parent = await server.openGrant(client);
  const child = await exchanged(
    server,
    await exchanger(server, { scope: "read write" }),
    parent.access_token,
  );
  assert.equal(await isLive(child), true);
  await report([token, parent.access_token]);
  assert.equal(await isLive(token), false);
  assert.equal(await isLive(child), false);
  assert.equal(await isLive(parent.refresh_token), true);
});

test("a used code ends the grant it opened; an unused one changes nothing and is nobody's grant", async () => {
  const client = await people.client();
  const person = await people.signIn();
  const used = await people.code(client, person);
  const { json } = await people.redeem(client, used);
  const unused = await people.code(client, person);
  await report([used]);
  assert.equal(await isLive(json.access_token), false);
  const before = await head();
  await report([unused]);
  assert.equal(await head(), before);
  assert.equal((await people.redeem(client, unused)).status, 200);
  await report([unused]);
  assert.notEqual(await head(), before, "now it has opened something");
});

test("the cookie of a login session ends the session and what hangs on it", async () => {
  const client = await people.client();
  const [person, other] = [await people.signIn(), await people.signIn()];
  const tokens = await people.tokens(client, person);
  const bystander = await people.tokens(client, other);
  await report([person.cookie]);
  assert.equal(await isLive(tokens.access_token), false);
  assert.equal(await isLive(bystander.access_token), true);
  const [order] = await newestOrders(1);
  assert.deepEqual(order?.select, { session_id: person.sessionId });
});

test("a JWT of a registered foreign issuer ends by its jti; one without a jti, or of a stranger, is nothing", async (t) => {
  const provider = await IdentityProvider.start();
  t.after(() => provider.close());
  await provider.registerAt(server);
  const token = await provider.sign({ jti: "j-1" });
  const sibling = await provider.sign({ jti: "j-2" });
  const nameless = await provider.sign({ jti: undefined });
  assert.equal(await isLive(token), true);
  await report([token]);
  assert.equal(await isLive(token), false);
  assert.equal(await isLive(sibling), true);
  assert.deepEqual((await newestOrders(1))[0]?.select, { issuer: provider.issuer, jti: "j-1" });
  const before = await head();
  const stranger = await provider.sign({ iss: "https://stranger.example" });
  await report([nameless, `${token.slice(0, -4)}AAAA`, stranger]);
  assert.equal(await head(), before);
});

test("unknown, made-up, forged and expired texts are answered like real ones and append nothing", async () => {
  const brief = await server.registerClient({ access_token_ttl: 1 });
  const expired = await server.clientToken(brief);
  await until(async () => !(await isLive(expired)));
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client);
  const opaque = await server.registerClient({ access_token_format: "opaque" });
  const real = await server.clientToken(opaque);
  const rowId = parseToken(real)?.rowId ?? "0";
  // The right row, another secret: what leaks of an id must not be enough.
  const forged = formatToken("access", rowId, Buffer.alloc(randomBytesPerToken, 7));
  const before = await head();
  const shapes = new Set<string>();
  for (const text of [
    expired,
    forged,
    "",
    "x",
    "a.b.c",
    "ü\u0000",
    `rat_${"0".repeat(60)}`,
    "x".repeat(9000),
  ]) {
    const { status, headers, text: body } = await report([text]);
    const told = [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
    shapes.add(JSON.stringify([status, told, body]));
  }
  assert.equal(await head(), before);
  assert.equal(await isLive(real), true);
  const { status, headers, text: body } = await report([access_token]);
  const told = [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
  shapes.add(JSON.stringify([status, told, body]));
  assert.deepEqual([...shapes].length, 1, [...shapes].join("\n"));
  assert.equal(body, "{}");
  assert.equal(headers.get("rescind-seq"), null, "RV-06 its presence would tell");
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("cache-control"), "no-store");
});

test("RV-06 nothing is told by Prefer: wait either", async () => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client);
  const body = JSON.stringify({ tokens: [access_token] });
  const { headers } = await post(body, newAddress(), { prefer: "wait=1" });
  for (const name of ["rescind-seq", "rescind-effective", "preference-applied"])
    assert.equal(headers.get(name), null);
});

test("the order says who, why and from where; it is final", async () => {
  const client = await server.registerClient();
  const { access_token, grant_id } = await server.openGrant(client, "usr_leak");
  await report([access_token], "198.51.100.7");
  const [order] = await newestOrders(1);
  assert.ok(order !== undefined);
  assert.equal(order.reason, "token_leaked");
  assert.deepEqual(order.actor, { kind: "server", id: "leaked-tokens" });
  assert.equal(order.final, true);
  assert.match(order.note, /198\.51\.100\.7/);
  const lifted = await server.admin("POST", `/admin/v1/revocations/${order.id}/lift`);
  assert.equal(lifted.status, 409);
  const { json } = await server.admin("GET", "/admin/v1/revocations?subject=usr_leak");
  assert.equal((json.items as OrderItem[])[0]?.id, order.id, "found by whose it is");
  assert.ok(grant_id);
});

test("a thousand tokens go in one report and one transaction, whatever is among them and however often", async () => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const tokens = await Promise.all(Array.from({ length: 300 }, () => server.clientToken(client)));
  const { refresh_token, access_token } = await server.openGrant(client);
  const before = Number(await head());
  const noise = Array.from({ length: 398 }, (_, i) => `unknown-${i}`);
  await report([...tokens, ...noise, ...tokens, refresh_token, refresh_token].slice(0, 1000));
  assert.equal(Number(await head()), before + 301);
  assert.equal(await isLive(access_token), false);
  const states = await Promise.all(tokens.map(isLive));
  assert.ok(states.every((live) => !live));
  await report(tokens);
  assert.equal(Number(await head()), before + 301, "reported again: stands already");
});

test("a malformed document is 400 with a pointer, changes nothing and does not count", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  const address = newAddress();
  for (const [pointer, body] of [
    ["/tokens", {}],
    ["/tokens", { tokens: [] }],
    ["/tokens", { tokens: token }],
    ["/tokens", { tokens: Array.from({ length: 1001 }, () => token) }],
    ["/tokens/1", { tokens: [token, 1] }],
    ["/surplus", { tokens: [token], surplus: true }],
    ["", [token]],
  ] as const) {
    const { status, headers, json } = await post(JSON.stringify(body), address);
    assert.equal(status, 400, JSON.stringify(body).slice(0, 60));
    assert.equal(headers.get("content-type"), "application/problem+json");
    const pointers = (json.errors as { pointer: string }[]).map((error) => error.pointer); // RFC 9457 extension
    assert.ok(pointers.includes(pointer), `${pointer}: ${pointers}`);
  }
  for (const body of ["", "{", "null", '"x"']) assert.equal((await post(body, address)).status, 400, body);
  const asForm = { "content-type": "application/x-www-form-urlencoded" };
  assert.equal((await post(`tokens=${token}`, address, asForm)).status, 415);
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await server.request("/leaked-tokens", { method });
    assert.equal(answer.status, 405);
    assert.match(answer.headers.get("allow") ?? "", /POST/);
  }
  assert.equal(await isLive(token), true);
  for (let i = 0; i < 50; i++) await report(["x"], address);
});

test("bodies are taken up to 2 MiB here, and no further", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  const filler = (length: number) => "x".repeat(length);
  await report([token, filler(1_900_000)]);
  assert.equal(await isLive(token), false);
  const tooLong = await post(JSON.stringify({ tokens: [filler(2_200_000)] }));
  assert.equal(tooLong.status, 413);
  assert.equal(tooLong.json.code, "too-large");
});

test("sixty reports an hour from one address, and then 429 with Retry-After; other addresses go on", async () => {
  const client = await server.registerClient();
  const address = newAddress();
  for (let i = 0; i < 60; i++) await report(["x"], address);
  const token = await server.clientToken(client);
  const refused = await post(JSON.stringify({ tokens: [token] }), address);
  assert.equal(refused.status, 429);
  assert.equal(refused.json.code, "too-many-requests");
  const seconds = Number(refused.headers.get("retry-after"));
  assert.ok(seconds > 3000 && seconds <= 3600, String(seconds));
  assert.equal(await isLive(token), true);
  await report([token]);
  assert.equal(await isLive(token), false);
});

test("RV-01 a report that cannot be committed is 503, changes nothing, and may be repeated", async () => {
  const client = await server.registerClient();
  const tokens = [await server.clientToken(client), (await server.openGrant(client)).refresh_token];
  const lock = await lockDatabase(join(server.data, "rescind.db"));
  const refused = await post(JSON.stringify({ tokens }));
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  for (const token of tokens) assert.equal(await isLive(token), true);
  await lock.release();
  await report(tokens);
  for (const token of tokens) assert.equal(await isLive(token), false);
});

test("RV-11 what was reported stays revoked over a restart", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  await report([token]);
  await server.restart();
  assert.equal(await isLive(token), false);
});

test("RV-18 a report of a thousand does not keep others from revoking", async () => {
  const client = await server.registerClient();
  const quiet = await server.registerClient();
  const tokens = await Promise.all(Array.from({ length: 500 }, () => server.clientToken(client)));
  const token = await server.clientToken(quiet);
  const reported = report([...tokens, ...tokens]);
  assert.equal((await server.form("/oauth2/revoke", { token }, quiet)).status, 200);
  assert.equal(await isLive(token), false);
  await reported;
});

test("a page of an origin that some client has may report, without credentials, and read that it did", async () => {
  const origin = "https://app.example";
  await server.registerClient({ allowed_origins: [origin] });
  const preflight = await server.request("/leaked-tokens", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
  assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /POST/);
  for (const [from, allowed] of [
    [origin, origin],
    ["https://evil.example", null],
  ] as const) {
    for (const body of ['{"tokens":["x"]}', "{"]) {
      const { headers } = await post(body, newAddress(), { origin: from });
      assert.equal(headers.get("access-control-allow-origin"), allowed);
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.match(headers.get("vary") ?? "", /Origin/);
    }
  }
});

test("no reported text is kept anywhere: history, audit and database hold ids and digests only", async () => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const token = await server.clientToken(client);
  await report([token, "something else that leaked"]);
  const database = new DatabaseSync(join(server.data, "rescind.db"), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  for (const { name } of tables) {
    const statement = database.prepare(`SELECT * FROM "${name}"`);
    statement.setReadBigInts(true);
    const rows = statement.all().flatMap((row) => Object.values(row).map(String));
    for (const text of [token, "something else that leaked"])
      assert.ok(!rows.some((value) => value.includes(text)), String(name));
  }
  database.close();
});
