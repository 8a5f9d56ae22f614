// How many verifiers count as having applied an entry: at the moments that HTTP cannot choose.

import assert from "node:assert/strict";
import { test } from "node:test";
import { effectWatch } from "../../src/feed/effect.ts";
import { fleet, onlyFleet, type Verifier } from "../../src/feed/fleet.ts";

function verifier(name: string, seq: number, maxStaleness = 5): Verifier {
  return {
    verifier: name,
    name: undefined,
    clientId: "api",
    applied: { seq, hash: "A".repeat(43) },
    maxStaleness,
    lastLeaseAtMs: Date.now(),
    counts: { checks: 0, refusals: 0, revokedUses: 0 },
  };
}

function world(longestStaleness = 0) {
  const clock = { mono: 0 };
  const monotonic = () => clock.mono;
  const verifiers = fleet(() => Date.now(), monotonic);
  const raised: number[] = [];
  const store = {
    async raiseLongestStaleness(seconds: number) {
      raised.push(seconds);
    },
  };
  const watched = onlyFleet(verifiers, () => Date.now());
  const effect = effectWatch({ fleet: watched, store, longestStaleness, monotonic });
  effect.serving();
  return { clock, verifiers, effect, raised };
}

const stays = new AbortController().signal;

test("a verifier that is being given its first lease counts, before anybody knows what it has applied", async () => {
  const { verifiers, effect } = world();
  const settled = verifiers.asks({ clientId: "api", verifier: "new" });
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 0, counted: 1 });
  const waited = effect.reached(7, 60, stays);
  verifiers.met(verifier("new", 7));
  settled();
  assert.deepEqual(await waited, { applied: 1, counted: 1 });
});

test("a verifier that was refused a lease does not count", async () => {
  const { verifiers, effect } = world();
  const settled = verifiers.asks({ clientId: "api", verifier: "new" });
  const waited = effect.reached(7, 60, stays);
  settled();
  assert.deepEqual(await waited, { applied: 0, counted: 0 });
});

test("a lease that runs out while another is asked for still counts", async () => {
  const { clock, verifiers, effect } = world();
  verifiers.met(verifier("one", 6, 5));
  const settled = verifiers.asks({ clientId: "api", verifier: "one" });
  clock.mono = 5_001;
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 0, counted: 1 });
  settled();
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 0, counted: 0 });
});

test("leases are counted on a clock that is never set, and by each verifier's own max_staleness", async () => {
  const { clock, verifiers, effect } = world();
  verifiers.met(verifier("short", 7, 1));
  verifiers.met(verifier("long", 6, 300));
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 1, counted: 2 });
  clock.mono = 1_001;
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 0, counted: 1 });
  clock.mono = 300_001;
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 0, counted: 0 });
});

test("two verifiers of one name at different clients are two", async () => {
  const { verifiers, effect } = world();
  verifiers.met(verifier("one", 7));
  verifiers.met({ ...verifier("one", 6), clientId: "other" });
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 1, counted: 2 });
});

test("nothing is claimed before leases of earlier processes have run out, whoever is there", async () => {
  const { clock, verifiers, effect } = world(30);
  verifiers.met(verifier("one", 7));
  assert.equal(await effect.reached(7, 0, stays), undefined);
  clock.mono = 30_000;
  verifiers.met(verifier("one", 7));
  assert.deepEqual(await effect.reached(7, 0, stays), { applied: 1, counted: 1 });
});

test("a longer max_staleness than any before is remembered once, before it is used", async () => {
  const { effect, raised } = world(5);
  for (const asked of [3, 5, 5.5, 6, 2, 300]) await effect.allowFor(asked);
  assert.deepEqual(raised, [6, 300]);
});

test("everybody who waits for what was applied is answered, and nobody who waits for more", async () => {
  const { verifiers, effect } = world();
  verifiers.met(verifier("one", 0));
  const [third, fifth] = [effect.reached(3, 60, stays), effect.reached(5, 60, stays)];
  verifiers.met(verifier("one", 4));
  assert.deepEqual(await third, { applied: 1, counted: 1 });
  const leaving = new AbortController();
  const left = effect.reached(5, 60, leaving.signal);
  leaving.abort();
  assert.deepEqual(await left, { applied: 0, counted: 1 });
  effect.close();
  assert.deepEqual(await fifth, { applied: 0, counted: 1 });
  assert.deepEqual(await effect.reached(5, 60, stays), { applied: 0, counted: 1 });
});
