// The feed reader in virtual time, against everything that may happen between it and the server.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { thorough } from "./property.ts";
import { maxStaleness, SimulatedFeed } from "./simulated-feed.ts";

type Step =
  | { readonly kind: "revoke" | "lift" | "restore" | "cut" | "half-open" | "away" | "stream-away" | "back" }
  | { readonly kind: "run" | "pause" | "turn" | "cut-off"; readonly ms: number }
  | { readonly kind: "trouble"; readonly share: number };

const ms = fc.integer({ min: 1, max: 9000 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("revoke" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("lift" as const) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("run" as const), ms }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("trouble" as const), share: fc.constantFrom(0, 0.1, 0.4) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pause" as const), ms }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("cut-off" as const), ms: fc.integer({ min: 1, max: 4000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("turn" as const), ms: fc.integer({ min: -1e7, max: 1e7 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("cut" as const, "half-open", "away", "stream-away", "back", "restore"),
    }),
  },
);

function take(feed: SimulatedFeed, next: Step): void {
  switch (next.kind) {
    case "revoke":
      feed.revoke();
      break;
    case "lift":
      feed.lift();
      break;
    case "restore":
      feed.restore();
      break;
    case "cut":
      feed.cut();
      break;
    case "half-open":
      feed.halfOpen();
      break;
    case "away":
    case "back":
      feed.serverAway = next.kind === "away";
      feed.streamAway = false;
      break;
    case "stream-away":
      feed.streamAway = true;
      feed.cut();
      break;
    case "cut-off":
      // The worst moment: an order at some time within the life of the last lease, of which nothing comes through.
      feed.halfOpen();
      feed.run(next.ms);
      feed.revoke();
      feed.serverAway = true;
      feed.run(maxStaleness + 1500);
      break;
    case "run":
      feed.run(next.ms);
      break;
    case "pause":
      feed.pause(next.ms);
      break;
    case "turn":
      feed.turnWallClock(next.ms);
      break;
    case "trouble":
      feed.trouble = next.share;
      break;
  }
}

test("A2 D1 D3 D4 FD-03 FD-04 whatever happens, nothing too old is decided by, and all is well 5 s after it ends", () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(step, { maxLength: 60, size: "max" }), (seed, steps) => {
      const feed = new SimulatedFeed(seed);
      feed.start();
      for (const next of steps) take(feed, next);
      feed.trouble = 0;
      feed.serverAway = false;
      feed.streamAway = false;
      feed.run(feed.pausedFor);
      // What was under way when the trouble ended takes its time to fail; 5 s are counted from there.
      feed.run(9000);
      assert.deepEqual(feed.reader.position, feed.head);
      assert.equal(feed.reader.state(feed.instant), "fresh");
    }),
    thorough(300),
  );
});

test("E4 an outage shorter than the bound minus three leases makes nothing stale", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: maxStaleness - 3000 }), (seed, outage) => {
      const feed = new SimulatedFeed(seed);
      feed.start();
      feed.run(10_000);
      feed.serverAway = true;
      feed.cut();
      feed.run(outage);
      feed.serverAway = false;
      for (let i = 0; i < 400; i++) {
        feed.run(10);
        assert.equal(
          feed.reader.state(feed.instant),
          "fresh",
          `${outage} ms of outage, ${i * 10} ms after it`,
        );
      }
    }),
    thorough(50),
  );
});

test("a feed that lags behind the leases all the time is still fresh: every lease is kept until it is met", () => {
  const feed = new SimulatedFeed(1);
  feed.lag = 2500;
  feed.start();
  for (let i = 0; i < 300; i++) {
    feed.revoke();
    feed.run(100);
    if (feed.now > 8000) assert.equal(feed.reader.state(feed.instant), "fresh", `at ${feed.now} ms`);
  }
});

test("nothing is fresh before the first page, the last page and the first lease", () => {
  const feed = new SimulatedFeed(1);
  for (let i = 0; i < 30; i++) feed.revoke();
  assert.equal(feed.reader.state(feed.instant), "loading");
  feed.start();
  const states = new Set<string>();
  while (feed.reader.state(feed.instant) !== "fresh") {
    states.add(feed.reader.state(feed.instant));
    assert.ok(feed.now < 5000, "it starts");
    feed.run(1);
  }
  assert.deepEqual([...states], ["loading", "stale"]);
  assert.equal(feed.reader.position.seq, 30);
});

test("FAULTS 21 a wall clock that moves by more than a second against the monotonic one makes it stale", () => {
  for (const [jump, expected] of [
    [900, "fresh"],
    [-900, "fresh"],
    [1100, "stale"],
    [-1100, "stale"],
  ] as const) {
    const feed = new SimulatedFeed(1);
    feed.start();
    feed.run(3050);
    assert.equal(feed.reader.state(feed.instant), "fresh");
    feed.turnWallClock(jump);
    assert.equal(feed.reader.state(feed.instant), expected, `${jump} ms`);
    feed.run(2000);
    assert.equal(feed.reader.state(feed.instant), "fresh", "the next lease heals it");
  }
});

test("FAULTS 18 after a pause longer than the bound it is stale before it catches up", () => {
  const feed = new SimulatedFeed(1);
  feed.start();
  feed.run(3000);
  feed.pause(600_000);
  feed.revoke();
  feed.run(599_999);
  assert.equal(feed.reader.state(feed.instant), "stale");
  feed.run(5000);
  assert.equal(feed.reader.state(feed.instant), "fresh");
  assert.deepEqual(feed.reader.position, feed.head);
});
