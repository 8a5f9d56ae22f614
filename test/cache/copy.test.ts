// The nearline copy against a real redis-server: what stands on the log is in the cache when an order is answered, under
// the documented keys, with a lease that lives for 5 s. docs/reference/cache.md.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { formatPosition } from "@rescind/core";
import { startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { claimsOf, lateAnswers, nearlineReader } from "./reader.ts";
import { startRedis, type TestRedis } from "./redis.ts";

let redis: TestRedis;
let server: TestServer;
before(async () => {
  redis = await startRedis();
  server = await startTestServer(["--cache", redis.url]);
  await until(async () => (await redis.ask.exists("rescind:lease")) === 1);
});
after(async () => {
  await server?.close();
  await redis?.close();
});

/** Until there is a lease up to the head of the log as it is now. */
async function isLeased(): Promise<void> {
  const { json } = await server.request("/revocations?limit=10000", {
    headers: { authorization: `Bearer ${await server.tokenWithScope("rescind:feed")}` },
  });
  await until(
    async () => Number.parseInt((await redis.ask.get("rescind:lease")) ?? "", 10) >= Number(json.head),
  );
}

test("an order is in the cache before it is answered", async () => {
  const check = await nearlineReader(server, redis.ask);
  const client = await server.registerClient();
  for (let i = 0; i < 50; i++) {
    const token = await server.clientToken(client);
    await until(async () => (await check(claimsOf(token))) === "live");
    const late = await lateAnswers(server);
    await server.form("/oauth2/revoke", { token }, client);
    const said = await check(claimsOf(token));
    // An answer waits for half a second; this machine may stand still for longer, though not in every other round.
    if ((await lateAnswers(server)) === late) assert.notEqual(said, "live");
    await until(async () => (await check(claimsOf(token))) === "revoked");
  }
  assert.ok((await lateAnswers(server)) < 25);
});

test("the lease names the position and lives for 5 s at most", async () => {
  const [text, life] = await until(async () => {
    const [lease, left] = [await redis.ask.get("rescind:lease"), await redis.ask.pttl("rescind:lease")];
    return lease !== null && left > 0 && ([lease, left] as const);
  });
  assert.ok(life <= 5000, `${life} ms`);
  const [seq, hash] = text.split(".");
  const { json } = await server.request("/revocations?limit=10000", {
    headers: { authorization: `Bearer ${await server.tokenWithScope("rescind:feed")}` },
  });
  assert.ok(Number(seq) <= Number(json.head));
  const entries = json.entries as { seq: number }[];
  assert.equal(typeof hash, "string");
  assert.ok(formatPosition({ seq: Number(seq), hash: String(hash) }).length > 0 && entries.length > 0);
  await until(async () => (await redis.ask.get("rescind:lease"))?.startsWith(`${json.head}.${json.hash}.`));
});

test("every unit that can be ordered is found by its own key, and a lift takes exactly one entry back", async () => {
  const check = await nearlineReader(server, redis.ask);
  const says = (verdict: string) => until(async () => (await check(claims)) === verdict);
  const client = await server.registerClient();
  const opened = await server.openGrant(client, "usr_lifted");
  const claims = claimsOf(String(opened.access_token));
  const order = async (select: Record<string, string>): Promise<string> => {
    const { status, json, text } = await server.admin("POST", "/admin/v1/revocations", { select });
    assert.equal(status, 201, text);
    return String(json.id);
  };
  const first = await order({ subject: "usr_lifted" });
  const second = await order({ subject: "usr_lifted" });
  await says("revoked");
  await server.admin("POST", `/admin/v1/revocations/${first}/lift`);
  await isLeased();
  await says("revoked");
  await server.admin("POST", `/admin/v1/revocations/${second}/lift`);
  await says("live");
  await server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`);
  await says("revoked");
  await server.admin("POST", `/admin/v1/clients/${client.client_id}/approve`);
  await says("live");
});

test("an entry's key expires by itself, after the longest life of what it covers; a suspension's does not", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  await server.form("/oauth2/revoke", { token }, client);
  await server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`);
  await isLeased();
  const lives: number[] = [];
  for (const key of await redis.ask.keys("{rescind:lease}:e:*")) {
    const value = JSON.parse((await redis.ask.get(key)) ?? "{}");
    const isSuspended = value.entries.some(({ suspend }: { suspend?: boolean }) => suspend === true);
    const life = await redis.ask.pttl(key);
    if (isSuspended) assert.equal(life, -1);
    else lives.push(life);
  }
  assert.ok(lives.length > 0 && lives.every((life) => life > 0), String(lives));
});
