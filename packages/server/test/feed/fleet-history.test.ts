// How the fleet stood: a point a minute for a day, of all verifiers and of each.

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, type Verifier } from "../../src/feed/fleet.ts";
import { fleetHistory } from "../../src/feed/fleet-history.ts";

function verifier(name: string, seq: number): Verifier {
  return {
    ...{ verifier: name, name: undefined, clientId: "cli_api", applied: { seq, hash: "" } },
    ...{ maxStaleness: 5, lastLeaseAtMs: 0, counts: { checks: 0, refusals: 0, revokedUses: 0 } },
  };
}

test("the history of the fleet and of each verifier goes back a day and ends with now", async () => {
  const minute = 60_000;
  let atMs = 0;
  let all: { verifier: Verifier; fresh: boolean }[] = [];
  const history = fleetHistory({
    fleet: { list: async () => all },
    lagOf: async (seq) => 100 - seq,
    now: () => atMs,
  });
  const a = keyOf(verifier("a", 0));
  const step = async () => {
    await history.note();
    atMs += minute;
  };
  assert.deepEqual(await history.read(), [{ atMs: 0, fresh: 0, stale: 0, lag: 0 }]);
  all = [{ verifier: verifier("a", 90), fresh: true }];
  await step();
  all = [
    { verifier: verifier("a", 100), fresh: true },
    { verifier: verifier("b", 40), fresh: false },
  ];
  await step();
  assert.deepEqual(await history.read(), [
    { atMs: 0, fresh: 1, stale: 0, lag: 10 },
    { atMs: minute, fresh: 1, stale: 1, lag: 60 },
    { atMs: 2 * minute, fresh: 1, stale: 1, lag: 60 },
  ]);
  assert.deepEqual(
    (await history.read(a)).map(({ lag, fresh }) => [lag, fresh]),
    [
      [10, 1],
      [0, 1],
      [0, 1],
    ],
  );
  assert.deepEqual(await history.read(keyOf(verifier("b", 0))), [
    { atMs: minute, fresh: 0, stale: 1, lag: 60 },
    { atMs: 2 * minute, fresh: 0, stale: 1, lag: 60 },
  ]);
  all = all.slice(0, 1);
  for (let n = 0; n < 1440; n += 1) await step();
  const day = await history.read(a);
  assert.equal(day.length, 1441, "the first points have made room");
  assert.equal(day[0]?.atMs, 2 * minute);
  assert.deepEqual(await history.read(keyOf(verifier("b", 0))), [], "not met for a day");
  assert.deepEqual(new Set((await history.read()).map(({ stale }) => stale)), new Set([0]));
});
