// The fleet of several nodes over one database: a verifier counts at every node from before it has a lease from any until
// none can be in force. Two nodes in this process, a clock that the test sets, a real store.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openStore, StoreUnavailable } from "@rescind/store";
import type { Verifier } from "../../src/feed/fleet.ts";
import { type SharedFleet, sharedFleet } from "../../src/feed/shared-fleet.ts";

interface World {
  readonly clock: { mono: number };
  readonly a: SharedFleet;
  readonly b: SharedFleet;
  /** While true, `b` cannot write. */
  readonly cut: { b: boolean };
}

async function startWorld(t: TestContext): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "rescind-fleet-"));
  const store = await openStore(`sqlite:${join(directory, "rescind.db")}`);
  const clock = { mono: 1_000_000 };
  const cut = { b: false };
  const parts = { store, log: { warn: () => undefined }, now: () => Date.now(), monotonic: () => clock.mono };
  const cuttable: typeof store = {
    ...store,
    beatFleet(...written) {
      if (cut.b) return Promise.reject(new StoreUnavailable("cut off"));
      return store.beatFleet(...written);
    },
  };
  const a = sharedFleet(parts);
  const b = sharedFleet({ ...parts, store: cuttable });
  t.after(async () => {
    await Promise.all([a.close(), b.close()]);
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { clock, a, b, cut };
}

function verifier(name: string, seq = 0, maxStaleness = 5): Verifier {
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

/** A whole lease: asked for, given, settled. */
async function leases(at: SharedFleet, one: Verifier): Promise<void> {
  const settled = await at.asks(one);
  at.met(one);
  settled();
}

/** What a node counts after a fresh look: positions by verifier. */
async function counted(at: SharedFleet): Promise<Record<string, number>> {
  await at.refreshed();
  return Object.fromEntries(at.leased().map(({ key, applied }) => [key.split("\n")[1] ?? "", applied]));
}

test("a verifier that is about to get its first lease at one node counts at the other, with nothing applied", async (t) => {
  const { a, b } = await startWorld(t);
  const settled = await b.asks(verifier("one"));
  assert.deepEqual(await counted(a), { one: -1 });
  settled();
});

test("where somebody waits, what is applied at one node is known at the other without delay", async (t) => {
  const { a, b } = await startWorld(t);
  b.awaited();
  await leases(b, verifier("one", 7));
  await leases(b, verifier("two", 3)); // joining writes what moved before as well
  const seen = await counted(a);
  assert.equal(seen.one, 7);
  assert.ok("two" in seen);
});

test("one that went from node to node counts once, where it stands furthest", async (t) => {
  const { a, b } = await startWorld(t);
  await leases(b, verifier("one", 3));
  await leases(a, verifier("one", 9));
  assert.deepEqual(await counted(a), { one: 9 });
});

test("one whose lease ran out counts no more, once its node has said so", async (t) => {
  const { clock, a, b } = await startWorld(t);
  await leases(b, verifier("one", 3));
  assert.ok("one" in (await counted(a)));
  clock.mono += 5_001;
  await leases(b, verifier("two", 3));
  assert.deepEqual(Object.keys(await counted(a)), ["two"]);
});

test("the verifiers of a node that is not heard of count for as long as it may give leases, and those last", async (t) => {
  const { clock, a, b, cut } = await startWorld(t);
  await leases(b, verifier("one", 3, 5));
  assert.ok("one" in (await counted(a)));
  cut.b = true;
  clock.mono += 4_000 + 5_000;
  assert.ok("one" in (await counted(a)));
  clock.mono += 1;
  assert.deepEqual(await counted(a), {});
});

test("a node that cannot write gives no first lease at all, and no other ones before the rest stops counting", async (t) => {
  const { clock, b, cut } = await startWorld(t);
  await leases(b, verifier("one", 3));
  cut.b = true;
  await assert.rejects(b.asks(verifier("new")), StoreUnavailable);
  clock.mono += 4_000;
  await leases(b, verifier("one", 4));
  clock.mono += 1;
  await assert.rejects(b.asks(verifier("one")), StoreUnavailable);
  cut.b = false;
  await leases(b, verifier("one", 5));
});

test("a longer max_staleness is told before it is leased by", async (t) => {
  const { clock, a, b, cut } = await startWorld(t);
  await leases(b, verifier("one", 3, 5));
  await leases(b, verifier("one", 3, 50));
  await counted(a);
  cut.b = true;
  clock.mono += 4_000 + 50_000;
  assert.ok("one" in (await counted(a)));
  clock.mono += 1;
  assert.deepEqual(await counted(a), {});
});

test("every node lists every verifier, as the node knows it that met it last", async (t) => {
  const { a, b } = await startWorld(t);
  await leases(a, verifier("one", 3));
  await leases(b, verifier("two", 4));
  await a.refreshed();
  const listed = (await a.list()).map(({ verifier: { verifier: name }, fresh }) => ({ name, fresh }));
  assert.deepEqual(
    listed.toSorted((x, y) => (x.name < y.name ? -1 : 1)),
    [
      { name: "one", fresh: true },
      { name: "two", fresh: true },
    ],
  );
});
