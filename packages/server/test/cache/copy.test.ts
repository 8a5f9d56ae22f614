// The copy in the cache as it is meant to work, and what others do to it: other servers, limits, clocks, lifts at whichever
// node. No reader accepts what was revoked where the cache was up. THREATS WEB-25. When the cache or a node fails:
// outages.test.ts. The reasons stand in docs/reference/cache.md.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../../test/until.ts";
import { keys, newToken, openCopies, subject } from "./copies-world.ts";

test("an order waits for the cache, and a reader sees it with the answer", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  await world.leased();
  for (let i = 0; i < 200; i++) {
    const unit = newToken(world.store);
    await world.says("live", unit);
    const { lateAnswers } = node.copy.figures;
    await node.order(unit);
    // An answer waits for half a second; this machine may stand still for longer, though not in every other round.
    const said = await world.check(unit);
    if (node.copy.figures.lateAnswers === lateAnswers) assert.notEqual(said, "live");
    await world.says("revoked", unit);
  }
  assert.ok(node.copy.figures.lateAnswers < 100, `${node.copy.figures.lateAnswers} answers did not wait`);
});

test("a lease that is not what was written last is not renewed before everything is written anew", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  const unit = subject("usr_1");
  await node.order(unit);
  const old = await world.leased();
  await until(async () => (await world.leased()) !== old);
  // As if a part of the keys had gone back: the entry is lost, an older lease is there.
  await world.redis.ask.del(...(await world.redis.ask.keys(`${keys.entries}*`)));
  await world.redis.ask.set(keys.lease, old, "PX", 5000);
  await world.says("revoked", unit);
  await world.leased();
  assert.notEqual(await world.check(unit), "live");
});

test("several entries of one fingerprint are kept apart, and a lift takes exactly one back, at whichever node", async (t) => {
  const world = await openCopies(t);
  const [a, b] = [await world.node(), await world.node()];
  await world.leased();
  const unit = subject("usr_2");
  const first = await a.order(unit);
  const second = await b.order(unit);
  // A token that was issued between the two is covered by the second only.
  await world.says("revoked", unit, first.seq);
  await a.lift(second);
  await world.says("live", unit, first.seq);
  await world.says("revoked", unit, 0);
  await b.lift(first);
  await world.says("live", unit, 0);
});

test("what was lifted while no node reached the cache is taken back when one does", async (t) => {
  const world = await openCopies(t, ["--appendonly", "yes", "--appendfsync", "always"]);
  const gone = await world.node();
  await world.leased();
  const unit = subject("usr_3");
  const suspended = await gone.order(unit, { suspend: true });
  await world.says("revoked", unit, Number.MAX_SAFE_INTEGER);
  await gone.close();
  await world.store.lift({
    id: world.store.nextId(),
    orderId: suspended.id,
    atMs: Date.now(),
    actor: { kind: "admin", id: "admin" },
  });
  await world.node();
  await world.says("live", unit, Number.MAX_SAFE_INTEGER);
});

test("a node that was behind does not bring back what was lifted, and takes nothing away that was ordered", async (t) => {
  /** What is held up on the way to the cache, and what the cache has of the unit right after it came there. */
  interface HeldUp {
    goOn(): void;
    readonly after: Promise<readonly number[]>;
  }
  const heldUp: HeldUp[] = [];
  let isHolding = false;
  t.after(() => {
    isHolding = false;
    for (const { goOn } of heldUp) goOn();
  });
  const world = await openCopies(t);
  const ahead = await world.node();
  const unit = subject("usr_4");
  const behind = await world.node({
    through: (client) => ({
      ...client,
      get isUp() {
        return client.isUp;
      },
      async run(script, names, args) {
        if (!isHolding || names.length < 5) return client.run(script, names, args); // it holds no entry
        const [freed, after] = [
          Promise.withResolvers<void>(),
          Promise.withResolvers<readonly number[]>(),
        ] as const;
        heldUp.push({ goOn: freed.resolve, after: after.promise });
        await freed.promise;
        try {
          return await client.run(script, names, args);
        } finally {
          after.resolve(await world.seqsOf(unit));
        }
      },
    }),
  });
  await until(async () => behind.copy.state === "held" && ahead.copy.state === "held");
  isHolding = true;
  const held = (count: number): Promise<HeldUp> => until(async () => heldUp[count - 1]);

  const first = await ahead.order(unit);
  const writesFirst = await held(1); // the one behind has looked up what stands: the first
  await ahead.lift(first);
  await until(async () => (await world.seqsOf(unit)).length === 0);
  writesFirst.goOn();
  assert.deepEqual(await writesFirst.after, [], "what was lifted");

  const writesNothing = await held(2); // it knows of the lift now: nothing stands
  const again = await ahead.order(unit);
  await world.says("revoked", unit, again.seq - 1);
  writesNothing.goOn();
  assert.deepEqual(await writesNothing.after, [again.seq], "what was ordered");
  (await held(3)).goOn();
  isHolding = false;
  assert.deepEqual(await heldUp[2]?.after, [again.seq]);
});

test("WEB-25: two servers with the same keys: the second leaves them alone, and says so", async (t) => {
  const world = await openCopies(t);
  const owner = await world.node();
  await world.leased();
  const other = await world.node({ logId: "another" });
  await until(async () => other.copy.state === "foreign");
  await other.order(newToken(world.store));
  for (const lease of [await world.leased(), await world.leased()])
    assert.equal(lease.split(".")[2], "the-log");
  await until(async () => owner.copy.state === "held");
  await until(async () => other.copy.state === "foreign");
  const apart = await world.node({ logId: "another", prefix: "tenant2" });
  await until(async () => apart.copy.state === "held");
});

test("a cache that throws keys away gets no lease", async (t) => {
  const world = await openCopies(t, ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
  const node = await world.node();
  await until(async () => node.copy.state === "evicting");
  await node.order(newToken(world.store));
  assert.equal(await world.redis.ask.exists(keys.lease), 0);
  await world.redis.ask.config("SET", "maxmemory-policy", "noeviction");
  await world.leased();
});

test("a cache that is full withholds the lease and is used again when there is room", async (t) => {
  const world = await openCopies(t);
  const node = await world.node();
  await world.leased();
  await world.redis.ask.config("SET", "maxmemory", "1");
  const unit = newToken(world.store);
  await node.order(unit); // nothing there would end a wait
  await until(async () => (await world.check(unit)) === "unknown");
  await world.redis.ask.config("SET", "maxmemory", "0");
  await world.says("revoked", unit);
});

test("a clock that is ten minutes wrong takes no entry away early", async (t) => {
  const world = await openCopies(t);
  const right = await world.node();
  await world.leased();
  const unit = subject("usr_5");
  await right.order(unit);
  world.ahead = 600;
  const wrong = await world.node();
  await until(async () => wrong.copy.state === "held");
  await wrong.order(unit);
  const [key = ""] = await world.redis.ask.keys(`${keys.entries}*`);
  const { entries } = await world.store.readFeed(0, 10);
  const expires = Math.max(...entries.map((entry) => (entry.kind === "revoke" ? (entry.expires ?? 0) : 0)));
  const ends = (await world.redis.ask.pexpiretime(key)) / 1000;
  assert.ok(ends >= expires + 299, `the key ends ${ends - expires} s after what it covers`);
});

test("WEB-25 what this node took into its memory a moment ago is in the cache before its answer, and nothing is written anew", async (t) => {
  const world = await openCopies(t);
  let seen = Promise.withResolvers<string>();
  let [scans, isNext] = [0, false];
  const node = await world.node({
    pace: { leaseMs: 5000, renewMs: 100 },
    through: (client) => ({
      ...client,
      get isUp() {
        return client.isUp;
      },
      scan(beginning) {
        scans += 1;
        return client.scan(beginning);
      },
      async run(script, names, args) {
        const reply = await client.run(script, names, args);
        const isLook = names.length === 1;
        if (!isNext || !isLook) return reply;
        isNext = false;
        const unit = newToken(world.store);
        const [receipt] = await world.orderMany([unit]);
        assert.ok(receipt?.entry);
        // A read that is due before the listeners are told, as there always is under load; the copy's own goes with it.
        void world.store.head();
        node.standing.learn([receipt.entry]);
        node.copy
          .holds(receipt.seq)
          .then(() => world.check(unit))
          .then(seen.resolve, seen.reject);
        return reply;
      },
    }),
  });
  await world.leased();
  const said = await until(async () => {
    const { lateAnswers } = node.copy.figures;
    seen = Promise.withResolvers();
    isNext = true;
    const verdict = await seen.promise;
    // An answer waits for half a second; this machine may stand still for longer.
    return node.copy.figures.lateAnswers === lateAnswers && verdict !== "unknown" && verdict;
  });
  assert.equal(said, "revoked");
  await world.leased();
  assert.equal(scans, 1);
});

test("a rebuild that takes longer than a lease lives is leased at its end", async (t) => {
  const world = await openCopies(t);
  const units = Array.from({ length: 2000 }, () => newToken(world.store));
  for (let i = 0; i < units.length; i += 1000) await world.orderMany(units.slice(i, i + 1000));
  const node = await world.node({
    pace: { leaseMs: 300, renewMs: 60 },
    through: (client) => ({
      ...client,
      get isUp() {
        return client.isUp;
      },
      async run(script, names, args) {
        if (names.length > 100) await pause(100);
        return client.run(script, names, args);
      },
    }),
  });
  await until(async () => node.copy.state === "held");
  assert.ok(node.copy.figures.rebuild > 0.3);
  for (const unit of units.slice(0, 50)) assert.notEqual(await world.check(unit), "live");
});
