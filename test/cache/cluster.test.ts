// The copy in a real Redis cluster: one slot, one MGET; and what happens when its master is lost.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { startRedisCluster, type TestCluster } from "./cluster.ts";
import { type Claims, claimsOf, lateAnswers, nearlineReader } from "./reader.ts";

let cluster: TestCluster;
let server: TestServer;
before(async () => {
  cluster = await startRedisCluster();
  server = await startTestServer(["--cache", cluster.url]);
  await until(async () => (await cluster.ask.exists("rescind:lease").catch(() => 0)) === 1);
});
after(async () => {
  await server?.close();
  await cluster?.close();
});

test("in a cluster an order is in the cache before it is answered, and one MGET reads all keys", async () => {
  const asked = await nearlineReader(server, cluster.ask);
  // A cluster that stood still takes itself to be down for a moment.
  const check = (claims: Claims) => asked(claims).catch(() => "unknown");
  const client = await server.registerClient();
  for (let i = 0; i < 20; i++) {
    const token = await server.clientToken(client);
    await until(async () => (await check(claimsOf(token))) === "live");
    const late = await lateAnswers(server);
    await server.form("/oauth2/revoke", { token }, client);
    const said = await check(claimsOf(token));
    // An answer waits for half a second; this machine may stand still for longer, though not in every other round.
    if ((await lateAnswers(server)) === late) assert.notEqual(said, "live");
    await until(async () => (await check(claimsOf(token))) === "revoked");
  }
  assert.ok((await lateAnswers(server)) < 10);
});

test("FAULTS 14: the cluster's master is lost: nothing revoked is accepted for longer than a lease lives, and the copy is whole at the next", async () => {
  const check = await nearlineReader(server, cluster.ask);
  const client = await server.registerClient();
  const revoked: { readonly claims: Readonly<Record<string, unknown>>; readonly answeredAt: number }[] = [];
  const revoke = async (): Promise<void> => {
    const token = await server.clientToken(client);
    const { status } = await server.form("/oauth2/revoke", { token }, client);
    assert.equal(status, 200);
    revoked.push({ claims: claimsOf(token), answeredAt: performance.now() });
  };
  await revoke();
  const leaseThen = await cluster.ask.get("rescind:lease");
  await cluster.ours.kill();
  await until(async () => {
    await revoke();
    for (const { claims, answeredAt } of revoked) {
      const asked = performance.now();
      const said = await check(claims).catch(() => "unknown"); // no master, no answer
      assert.ok(said !== "live" || asked - answeredAt < 5000);
    }
    const lease = await cluster.ask.get("rescind:lease").catch(() => null);
    return lease !== null && lease !== leaseThen;
  }, 60_000);
  for (const { claims } of revoked)
    await until(async () => (await check(claims).catch(() => "unknown")) === "revoked");
});
