// The copy when the cache is flushed, goes back, is killed or cut off: readers believe nothing for longer than a lease lives.
// FAULTS 14 and 15.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Unit } from "@rescind/core";
import { until } from "../../../../test/until.ts";
import { keys, newToken, openCopies } from "./copies-world.ts";

test("FAULTS 14: flushed at any moment, the lease is gone with the entries and comes back after them", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  const revoked: Unit[] = [];
  for (let i = 0; i < 300; i++) {
    const unit = newToken(world.store);
    await node.order(unit);
    revoked.push(unit);
  }
  for (let round = 0; round < 5; round++) {
    const lease = await world.leased();
    await world.redis.ask.flushall();
    await until(async () => {
      const said = await Promise.all(
        [revoked[0], revoked[150], revoked[299]].map((one) => one && world.check(one)),
      );
      assert.ok(!said.includes("live"), `accepted after flush ${round}: ${said}`);
      const now = await world.redis.ask.get(keys.lease);
      return now !== null && now !== lease;
    });
    for (const one of revoked) assert.notEqual(await world.check(one), "live");
  }
});

test("FAULTS 14: gone back to an older dataset with a lease that still lives, it is not believed for longer than that lease", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  await world.leased();
  await world.redis.save("older.rdb");
  const unit = newToken(world.store);
  await node.order(unit);
  const answered = performance.now();
  await world.redis.goBackTo("older.rdb");
  // The lease of the old dataset may live on for what was left of its 5 s; nobody renews it.
  let acceptedLast = answered;
  await until(async () => {
    const asked = performance.now();
    const said = await world.check(unit);
    if (said === "live") acceptedLast = asked;
    return said === "revoked";
  });
  assert.ok(acceptedLast - answered < 5000, `accepted ${acceptedLast - answered} ms after the answer`);
  await until(async () => node.copy.state === "held");
});

test("FAULTS 14: killed and empty, or away for long: orders do not wait for it, and the copy is whole when it is back", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  await world.leased();
  const before = newToken(world.store);
  await node.order(before);
  await world.redis.kill();
  await until(async () => node.copy.state === "down");
  const meanwhile = newToken(world.store);
  await node.order(meanwhile); // nothing there would end a wait
  await world.redis.start();
  await world.leased();
  for (const unit of [before, meanwhile]) {
    assert.notEqual(await world.check(unit), "live");
    await world.says("revoked", unit);
  }
});

test("FAULTS 15: a node that is cut off answers, and readers of the cache hear of its order within 5 s by the others", async (t) => {
  const world = await openCopies(t);
  const [near, cut] = [await world.node(), await world.node()];
  await world.leased();
  cut.proxy.cut();
  await until(async () => cut.copy.state === "down");
  const unit = newToken(world.store);
  await cut.order(unit);
  const answered = performance.now();
  await until(async () => {
    const asked = performance.now();
    const said = await world.check(unit);
    assert.ok(said !== "live" || asked - answered < 5000);
    return said === "revoked";
  });
  await until(async () => near.copy.state === "held");
  assert.equal(cut.copy.state, "down");
  cut.proxy.open();
  await until(async () => cut.copy.state === "held");
});

test("FAULTS 15: the only node is cut off: what it revokes is not accepted for longer than the lease lives", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  await world.leased();
  node.proxy.silence(); // half-open: nothing tells the node
  const unit = newToken(world.store);
  await node.order(unit); // nothing there would end a wait
  const answered = performance.now();
  assert.equal(node.copy.figures.lateAnswers, 1);
  let acceptedLast = answered;
  await until(async () => {
    const asked = performance.now();
    const said = await world.check(unit);
    if (said === "live") acceptedLast = asked;
    return said === "unknown";
  });
  assert.ok(acceptedLast - answered < 5000, `accepted ${acceptedLast - answered} ms after the answer`);
  node.proxy.open();
  await until(async () => (await world.check(unit)) === "revoked");
});

test("FAULTS 15: an answer that waits when the connection goes does so no longer, and is counted", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  await until(async () => node.copy.state === "held");
  node.proxy.silence();
  const [receipt] = await world.orderMany([newToken(world.store)]);
  await node.standing.reach(await world.store.head());
  const waiting = node.copy.holds(receipt?.seq ?? 0);
  node.proxy.cut();
  await waiting;
  assert.equal(node.copy.figures.lateAnswers, 1);
});

test("FAULTS 15: a node that pauses between the head it read and its lease does not prolong it", async (t) => {
  const world = await openCopies(t);
  const leaseMs = 2000;
  const resumed = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  stopped.promise.catch(() => undefined);
  let phase: "runs" | "pausing" | "paused" | "stopped" = "runs";
  const node = await world.node({
    pace: { leaseMs, renewMs: 100 },
    through: (client) => ({
      ...client,
      get isUp() {
        return client.isUp;
      },
      async run(script, names, args) {
        if (phase === "stopped") return stopped.promise;
        if (phase !== "pausing" || !args[8]) return client.run(script, names, args);
        phase = "paused";
        await resumed.promise;
        phase = "stopped"; // this lease is the last thing it does
        return client.run(script, names, args);
      },
    }),
  });
  await world.leased();
  phase = "pausing";
  await until(async () => (phase as string) === "paused"); // another function changes it
  // Ordered elsewhere, by a node that does not reach the cache, after this node read the head.
  const unit = newToken(world.store);
  await world.orderMany([unit]);
  const answered = performance.now();
  await until(async () => performance.now() - answered > leaseMs * 0.6);
  resumed.resolve();
  let acceptedLast = 0;
  await until(async () => {
    const asked = performance.now();
    const said = await world.check(unit);
    if (said === "live") acceptedLast = asked - answered;
    return said === "unknown";
  });
  stopped.reject(new Error("the node ends"));
  await node.close();
  assert.ok(acceptedLast < leaseMs, `accepted ${acceptedLast} ms after the answer`);
});
