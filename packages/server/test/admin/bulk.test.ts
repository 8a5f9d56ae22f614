// Many narrow orders in one call: POST /admin/v1/revocations/bulk. CONTRACT.md section 6, THREATS RV-18, RV-19.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type Answered,
  type RegisteredClient,
  startTestServer,
  type TestServer,
} from "../../../../test/running-server.ts";
import { until } from "../../../../test/until.ts";
import { databaseOf, tokenRows } from "./token-rows.ts";

let server: TestServer;
let client: RegisteredClient;
before(async () => {
  server = await startTestServer();
  client = await server.registerClient();
});
after(() => server.close());

const path = "/admin/v1/revocations/bulk";

function bulk(body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Answered> {
  return server.admin("POST", path, body, headers);
}

async function isActive(token: string | undefined): Promise<boolean> {
  return (await server.introspect(token ?? "")).active === true;
}

async function jti(token: string | undefined): Promise<string> {
  return String((await server.introspect(token ?? "")).jti);
}

/** Audit records of orders, newest first. */
async function orders(): Promise<readonly Record<string, unknown>[]> {
  const { json } = await server.admin("GET", "/admin/v1/audit?action=revoke&limit=1000");
  return json.items as Record<string, unknown>[]; // the list's items
}

describe("what is named ends, each by an entry of its own", () => {
  test("opaque tokens, JWTs, refresh tokens, token ids and grant ids; the rest stays", async () => {
    const opaque = await server.registerClient({ access_token_format: "opaque" });
    const [one, two, jwt, spared] = [
      await server.clientToken(opaque),
      await server.clientToken(opaque),
      await server.clientToken(client),
      await server.clientToken(opaque),
    ];
    const [first, second, untouched] = [
      await server.openGrant(client, "usr_a"),
      await server.openGrant(client, "usr_b"),
      await server.openGrant(client, "usr_c"),
    ];
    const before = (await orders()).length;
    const answer = await bulk({
      tokens: [one, jwt, String(first.refresh_token), "made-up", one],
      token_ids: [await jti(two), "tid_1"],
      grant_ids: [String(second.grant_id), "gnt_1"],
      reason: "token_leaked",
      note: "pasted somewhere",
    });
    assert.equal(answer.status, 200, answer.text);
    const { revoked, already, unknown, unknown_at: at, seq } = answer.json;
    assert.deepEqual(
      { revoked, already, unknown, at },
      { revoked: 5, already: 1, unknown: 3, at: [3, 6, 8] },
    );
    assert.equal(answer.headers.get("rescind-seq"), String(seq));
    const dead = [one, two, jwt, first.access_token, first.refresh_token, second.access_token];
    for (const token of dead) assert.equal(await isActive(token), false);
    for (const token of [spared, untouched.access_token, untouched.refresh_token])
      assert.equal(await isActive(token), true);
    const records = (await orders()).slice(0, (await orders()).length - before);
    assert.equal(records.length, 5, "E1 one audit record each");
    for (const { content } of records) {
      const { reason, note } = content as Record<string, unknown>; // a record's content
      assert.deepEqual([reason, note], ["token_leaked", "pasted somewhere"]);
    }
    assert.equal(records[0]?.seq, seq, "the answer's number is the highest");
  });

  test("one of them is lifted like any other administrator's order, unless it is final", async () => {
    const [one, two] = [await server.clientToken(client), await server.clientToken(client)];
    await bulk({ tokens: [one] });
    const [newest] = await orders();
    const lifted = await server.admin("POST", `/admin/v1/revocations/${newest?.revocation_id}/lift`);
    assert.deepEqual([lifted.status, await isActive(one)], [200, true]);
    await bulk({ tokens: [two], final: true });
    const [final] = await orders();
    const refused = await server.admin("POST", `/admin/v1/revocations/${final?.revocation_id}/lift`);
    assert.deepEqual([refused.status, await isActive(two)], [409, false]);
  });

  test("repeating it revokes nothing anew, and under the same Idempotency-Key the answer is the first one", async () => {
    const tokens = [await server.clientToken(client), await server.clientToken(client)];
    const key = { "idempotency-key": "bulk-1" };
    const first = await bulk({ tokens }, key);
    assert.deepEqual(first.json.revoked, 2);
    assert.deepEqual((await bulk({ tokens }, key)).json, first.json);
    const { revoked, already } = (await bulk({ tokens })).json;
    assert.deepEqual([revoked, already], [0, 2]);
    assert.equal((await bulk({ tokens: ["other"] }, key)).status, 422);
  });

  test("where nothing is known nothing is ordered, and the answer has no Rescind-Seq", async () => {
    const before = await orders();
    const answer = await bulk({ tokens: ["a", "b"] });
    assert.deepEqual([answer.status, answer.json.unknown, answer.json.unknown_at], [200, 2, [0, 1]]);
    assert.equal(answer.headers.get("rescind-seq"), null);
    assert.deepEqual(await orders(), before);
  });

  test("RV-13 a genuine id with another secret ends nothing", async () => {
    const opaque = await server.registerClient({ access_token_format: "opaque" });
    const [token, other] = [await server.clientToken(opaque), await server.clientToken(opaque)];
    const forged = token.slice(0, 15) + other.slice(15);
    assert.equal((await bulk({ tokens: [forged] })).json.unknown, 1);
    assert.equal(await isActive(token), true);
  });
});

describe("what is not a list of names is refused, and nothing changes", () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ["nothing named", {}, /at least one/],
    ["empty lists", { tokens: [], grant_ids: [] }, /at least one/],
    ["a wide unit", { subjects: ["usr_a"] }, /\/subjects is not a known member/],
    ["an id of another kind", { token_ids: ["gnt_1"] }, /\/token_ids\/0/],
    ["a token with a space", { tokens: ["a b"] }, /\/tokens\/0/],
    ["an unknown reason", { tokens: ["a"], reason: "fun" }, /\/reason/],
    ["10,001 in one list", { grant_ids: Array.from({ length: 10_001 }, () => "gnt_1") }, /\/grant_ids/],
    [
      "10,001 in two lists",
      { grant_ids: Array.from({ length: 10_000 }, () => "gnt_1"), tokens: ["a"] },
      /10000 at most/,
    ],
  ];
  for (const [name, body, detail] of cases)
    test(name, async () => {
      const { status, text } = await bulk(body);
      assert.equal(status, 400);
      assert.match(text, detail);
    });
});

test("ten thousand long JWTs fit into one call", async () => {
  const token = `${"a".repeat(1500)}.b.c`;
  const { status, json } = await bulk({ tokens: Array.from({ length: 10_000 }, () => token) });
  assert.deepEqual([status, json.unknown, (json.unknown_at as unknown[]).length], [200, 10_000, 1000]);
});

test("RV-18 others are answered while a bulk order is on its way", async () => {
  const names = tokenRows(server, await jti(await server.clientToken(client)), 10_000);
  let isDone = false;
  const answer = bulk({ token_ids: names }).finally(() => {
    isDone = true;
  });
  let answered = 0;
  while (!isDone) {
    await server.clientToken(client);
    answered += 1;
  }
  assert.equal((await answer).json.revoked, 10_000);
  assert.ok(answered >= 5, `${answered} others were answered meanwhile`);
});

test("RV-01 RV-19 a store that fails midway is a 503 that says how many are in force; repeating it completes it", async () => {
  const names = tokenRows(server, await jti(await server.clientToken(client)), 9000);
  const before = await newestSeq();
  const database = databaseOf(server);
  database.exec(`CREATE TRIGGER midway BEFORE INSERT ON entries WHEN NEW.value = '${names[3000]}'
    BEGIN SELECT RAISE(ABORT, 'no more'); END`);
  const { status, headers, json } = await bulk({ token_ids: names }, { "idempotency-key": "bulk-2" });
  database.exec("DROP TRIGGER midway");
  database.close();
  assert.deepEqual([status, headers.get("retry-after")], [503, "1"]);
  const told = Number(/of 9000 names (\d+) are revoked for certain/.exec(String(json.detail))?.[1]);
  assert.ok(told >= 2000 && told < 9000, String(json.detail));
  assert.equal(
    (await newestSeq()) - before,
    told,
    "what is said to be in force is, and nothing goes on behind it",
  );
  const again = await bulk({ token_ids: names }, { "idempotency-key": "bulk-2" });
  assert.deepEqual(
    [again.status, again.json.revoked, again.json.already, again.json.unknown],
    [200, 9000 - told, told, 0],
  );
  assert.equal((await newestSeq()) - before, 9000, "one entry each");
  const { records, broken_at: broken } = (await server.admin("GET", "/admin/v1/audit/verify")).json;
  assert.ok(Number(records) >= 9000 && broken === undefined, "E1 and one audit record each, chained");
});

test("RV-19 who goes away in the middle has begun it all the same, and repeating it tells how it ended", async () => {
  const names = tokenRows(server, await jti(await server.clientToken(client)), 9000);
  const key = { "idempotency-key": "bulk-3" };
  const before = await newestSeq();
  const leaving = new AbortController();
  const left = fetch(`${server.issuer}${path}`, {
    method: "POST",
    headers: {
      ...key,
      authorization: `Bearer ${await server.adminToken()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ token_ids: names }),
    signal: leaving.signal,
  }).then(
    () => "answered",
    () => "left",
  );
  await until(async () => (await newestSeq()) > before);
  leaving.abort();
  await left;
  const { status, json } = await bulk({ token_ids: names }, key);
  assert.deepEqual([status, json.revoked, json.already], [200, 9000, 0], "the first answer, of the same key");
  assert.equal((await newestSeq()) - before, 9000, "one entry each");
});

/** The number of the newest order. */
async function newestSeq(): Promise<number> {
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  return Number((json.items as { seq: number }[])[0]?.seq ?? 0); // the list's items
}
