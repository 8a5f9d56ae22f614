// How far behind a verifier is, and how long ago what it acknowledges was ordered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOfEpoch } from "@rescind/core";
import { lagBehind } from "../../src/feed/lag.ts";
import { OrderTimes } from "../../src/feed/order-times.ts";

test("FD-11 lag is a number of entries, also where a restore began numbers that are millions above", async () => {
  const asked: number[] = [];
  const store = {
    async countAfter(seq: number) {
      asked.push(seq);
      return 4;
    },
  };
  const second = firstOfEpoch(7);
  assert.equal(await lagBehind(12, 5, store), 7);
  assert.equal(await lagBehind(second + 2, second + 2, store), 0);
  assert.equal(await lagBehind(5, 12, store), 0, "a position that is ahead of what this request read");
  assert.deepEqual(asked, []);
  assert.equal(await lagBehind(second + 1, 5, store), 4);
  assert.deepEqual(asked, [5]);
});

test("an acknowledgement is measured from the oldest entry that it covers anew", () => {
  let mono = 1000;
  const times = new OrderTimes(() => mono);
  times.learned(5, 6);
  mono = 3000;
  times.learned(7, 7);
  mono = 4000;
  assert.equal(times.acknowledgedAfter(4, 7), 3);
  assert.equal(times.acknowledgedAfter(5, 7), 3, "the first of the two is known already");
  assert.equal(times.acknowledgedAfter(6, 7), 1);
  assert.equal(times.acknowledgedAfter(7, 7), undefined, "nothing new");
  assert.equal(times.acknowledgedAfter(3, 7), undefined, "entry 4 came before this node started");
});

test("what is remembered of the times of orders is bounded, and what is not is not made up", () => {
  const times = new OrderTimes(() => 0);
  for (let seq = 1; seq <= 30_000; seq++) times.learned(seq, seq);
  assert.equal(times.acknowledgedAfter(1, 30_000), undefined);
  assert.equal(times.acknowledgedAfter(29_000, 30_000), 0);
});
