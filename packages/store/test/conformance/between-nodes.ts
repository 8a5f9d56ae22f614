// What nodes tell each other through the store: turns, failures, the fleet. Two stores over one database would be the
// same statements; what many ask at once is asked of one.

import assert from "node:assert/strict";
import type { FleetMember } from "@rescind/store";
import { type Opener, promise } from "./suite.ts";

const minute = 60_000;

export function betweenNodes(open: Opener): void {
  promise(
    "of 32 that ask for a turn at once one gets it, and keeps it until it ends it",
    open,
    async (store) => {
      const holders = Array.from({ length: 32 }, (_, index) => `node ${index}`);
      const got = await Promise.all(holders.map((holder) => store.claimTurn("start", holder, minute)));
      assert.equal(got.filter(Boolean).length, 1);
      const winner = holders[got.indexOf(true)] ?? "";
      const other = winner === "node 0" ? "node 1" : "node 0";
      assert.equal(await store.claimTurn("start", winner, minute), true, "it goes on with it");
      assert.equal(await store.claimTurn("start", other, minute), false);
      assert.equal(await store.claimTurn("another", other, minute), true, "another turn is free");
      await store.endTurn("start", other);
      assert.equal(
        await store.claimTurn("start", other, minute),
        false,
        "nobody ends the turn of somebody else",
      );
      await store.endTurn("start", winner);
      assert.equal(await store.claimTurn("start", other, minute), true);
    },
  );

  promise("a turn that nobody ended is over when its time is", open, async (store) => {
    assert.equal(await store.claimTurn("start", "crashed", 0), true);
    assert.equal(await store.claimTurn("start", "next", minute), true);
    assert.equal(await store.claimTurn("start", "crashed", minute), false);
  });

  promise("failures are counted by name in a window that begins with the first", open, async (store) => {
    const counted = await Promise.all(Array.from({ length: 32 }, () => store.countFailure("one", minute)));
    assert.deepEqual(
      counted.map(({ failures }) => failures).toSorted((a, b) => a - b),
      Array.from({ length: 32 }, (_, index) => index + 1),
    );
    for (const { endsInMs } of counted) assert.ok(endsInMs > 0 && endsInMs <= minute, String(endsInMs));
    assert.equal((await store.countFailure("two", minute)).failures, 1);
    assert.equal((await store.countFailure("short", 0)).failures, 1);
    assert.equal((await store.countFailure("short", 0)).failures, 1, "its window was over");
    assert.equal(
      (await store.countFailure("one", 1)).failures,
      1,
      "a window that ends too late is another clock's",
    );
  });

  promise(
    "what a node wrote of its verifiers is found by its number, and only newer things replace it",
    open,
    async (store) => {
      await store.beatFleet({ node: "a", beat: 1 }, [member("one", 3), member("two", 3)]);
      await store.beatFleet({ node: "b", beat: 7 }, [member("one", 9)]);
      assert.deepEqual((await store.fleetNodes()).toSorted(byNode), [
        { node: "a", beat: 1 },
        { node: "b", beat: 7 },
      ]);
      assert.deepEqual(await store.fleetMembers("b", 6), [{ beat: 7, member: member("one", 9) }]);
      await store.beatFleet({ node: "a", beat: 3 }, [member("one", 5)]);
      assert.deepEqual(await store.fleetMembers("a", 1), [{ beat: 3, member: member("one", 5) }]);
      await store.beatFleet({ node: "a", beat: 2 }, [member("one", 4), member("two", 4)]);
      const all = (await store.fleetMembers("a", 0)).toSorted((x, y) => x.beat - y.beat);
      assert.deepEqual(all, [
        { beat: 2, member: member("two", 4) },
        { beat: 3, member: member("one", 5) },
      ]);
      assert.deepEqual((await store.fleetNodes()).toSorted(byNode)[0], { node: "a", beat: 3 });
    },
  );

  promise("removing what nodes left behind leaves what they wrote within a day", open, async (store) => {
    await store.beatFleet({ node: "a", beat: 1 }, [
      member("one", 3),
      { ...member("old", 3), leased: false, lastLeaseAtMs: 0 },
    ]);
    await store.claimTurn("start", "a", minute);
    await store.countFailure("one", minute);
    await store.pruneBetweenNodes(100);
    assert.deepEqual(
      (await store.fleetMembers("a", 0)).map((found) => found.member.verifier),
      ["one"],
    );
    assert.equal(await store.claimTurn("start", "b", minute), false);
    assert.equal((await store.countFailure("one", minute)).failures, 2);
  });

  promise("a secret is replaced whole, and found by its name", open, async (store) => {
    assert.equal(await store.findSecret("file"), undefined);
    await store.replaceSecret("file", Buffer.from("first"));
    await store.replaceSecret("file", Buffer.from("second"));
    assert.equal(Buffer.from((await store.findSecret("file")) ?? []).toString(), "second");
    assert.equal(Buffer.from(await store.keepSecret("file", Buffer.from("third"))).toString(), "second");
  });
}

function member(verifier: string, seq: number): FleetMember {
  return {
    clientId: "api",
    verifier,
    name: verifier === "one" ? "Orders" : undefined,
    leased: true,
    applied: { seq, hash: `hash ${seq}` },
    maxStalenessMs: 5000,
    lastLeaseAtMs: Date.UTC(2026, 0, 1),
    counts: { checks: 1, refusals: 2, revokedUses: 3 },
  };
}

function byNode(a: { readonly node: string }, b: { readonly node: string }): number {
  return a.node < b.node ? -1 : 1;
}
