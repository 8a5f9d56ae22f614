// The arithmetic of leases, case by case. DESIGN.md section 5.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Position } from "@rescind/core";
import type { Instant } from "../src/clock.ts";
import { Freshness } from "../src/freshness.ts";

const hashOf = (seq: number) => `hash of ${seq}`;
const position = (seq: number): Position => ({ seq, hash: hashOf(seq) });
const at = (mono: number, wall = mono): Instant => ({ mono, wall: 1e12 + wall });
const lease = (head: number, issuedAt = 0, hash = hashOf(head)) => ({ head, hash, issuedAt });

function restarted(seq: number): Freshness {
  const freshness = new Freshness(5000);
  freshness.restart(position(seq));
  return freshness;
}

test("a lease counts from when it was asked for, however late the answer", () => {
  const freshness = restarted(7);
  freshness.asked(1, at(1000), position(7));
  assert.equal(freshness.freshSince(position(7), at(1000)), undefined);
  assert.equal(freshness.answered(1, lease(7), position(7), at(4000)), "met");
  assert.notEqual(freshness.freshSince(position(7), at(6000)), undefined);
  assert.equal(freshness.freshSince(position(7), at(6001)), undefined);
});

test("a lease beyond the position is met when the position gets there, on the same chain", () => {
  const freshness = restarted(7);
  freshness.asked(1, at(0), position(7));
  assert.equal(freshness.answered(1, lease(9), position(7), at(10)), "waiting");
  assert.equal(freshness.freshSince(position(7), at(10)), undefined);
  assert.equal(freshness.advanced(position(8)), true);
  assert.equal(freshness.freshSince(position(8), at(10)), undefined);
  assert.equal(freshness.advanced(position(9)), true);
  assert.notEqual(freshness.freshSince(position(9), at(10)), undefined);
});

test("a lease off the chain is a fork: another hash, a number jumped over, a number before the request", () => {
  const other = restarted(7);
  other.asked(1, at(0), position(7));
  assert.equal(other.answered(1, lease(7, 0, "another"), position(7), at(10)), "fork");

  const ahead = restarted(7);
  ahead.asked(1, at(0), position(7));
  ahead.answered(1, lease(8, 0, "another"), position(7), at(10));
  assert.equal(ahead.advanced(position(8)), false);

  const jumped = restarted(7);
  jumped.asked(1, at(0), position(7));
  jumped.answered(1, lease(8), position(7), at(10));
  assert.equal(jumped.advanced(position(2 ** 20 + 1)), false);

  const behind = restarted(7);
  behind.asked(1, at(0), position(7));
  assert.equal(behind.answered(1, lease(6), position(7), at(10)), "fork");
  for (const freshness of [other, ahead, jumped, behind])
    assert.equal(freshness.freshSince(position(8), at(10)), undefined);
});

test("a lease for a position that was passed meanwhile is met by the trail", () => {
  const freshness = restarted(7);
  freshness.asked(1, at(0), position(7));
  for (const seq of [8, 9, 10]) freshness.advanced(position(seq));
  freshness.asked(2, at(5), position(10));
  assert.equal(freshness.answered(1, lease(8), position(10), at(10)), "met");
  assert.equal(freshness.answered(2, lease(10), position(10), at(10)), "met");
});

test("an answer nobody waits for is none: given twice, after a failure, after a gap", () => {
  const freshness = restarted(7);
  freshness.asked(1, at(0), position(7));
  freshness.asked(2, at(0), position(7));
  freshness.asked(3, at(0), position(7));
  assert.equal(freshness.answered(1, lease(7), position(7), at(1)), "met");
  assert.equal(freshness.answered(1, lease(7), position(7), at(1)), "unknown");
  freshness.failed(2);
  assert.equal(freshness.answered(2, lease(7), position(7), at(1)), "unknown");
  freshness.forget();
  assert.equal(freshness.freshSince(position(7), at(1)), undefined, "a lease from before a gap is none");
  freshness.restart(position(7));
  assert.equal(freshness.answered(3, lease(7), position(7), at(1)), "unknown");
  assert.equal(freshness.freshSince(position(7), at(1)), undefined);
});

test("an older lease that is met later does not take the place of a newer one", () => {
  const freshness = restarted(7);
  freshness.asked(1, at(0), position(7));
  freshness.asked(2, at(3000), position(7));
  freshness.answered(2, lease(7), position(7), at(3010));
  freshness.answered(1, lease(7), position(7), at(4000));
  assert.equal(freshness.freshSince(position(7), at(7000))?.mono, 3000);
});

test("nothing is decided below what was decided before, gap or not", () => {
  const freshness = restarted(7);
  freshness.decided(7);
  freshness.decided(5);
  freshness.restart(position(6));
  freshness.asked(1, at(0), position(6));
  assert.equal(freshness.answered(1, lease(6), position(6), at(1)), "met");
  assert.equal(freshness.freshSince(position(6), at(1)), undefined);
  freshness.advanced(position(7));
  assert.notEqual(freshness.freshSince(position(7), at(1)), undefined);
});

test("FD-10 the wall clock may be wrong, but not move against the monotonic one by more than a second", () => {
  for (const [wall, expected] of [
    [0, true],
    [1000, true],
    [-1000, true],
    [1001, false],
    [-1001, false],
    [3_600_000, false],
  ] as const) {
    const freshness = restarted(7);
    freshness.asked(1, at(0, -86_400_000), position(7));
    freshness.answered(1, lease(7), position(7), at(10, -86_400_000 + 10));
    const now = at(100, -86_400_000 + 100 + wall);
    assert.equal(freshness.freshSince(position(7), now) !== undefined, expected, `${wall} ms`);
  }
});

test("the server's time goes by the greatest issued_at, corrected within what request and answer allow", () => {
  const freshness = restarted(7);
  const answer = (id: number, issuedAt: number, sent: number, received: number) => {
    freshness.asked(id, at(sent), position(7));
    freshness.answered(id, lease(7, issuedAt), position(7), at(received));
  };
  answer(1, 1_000_000, 0, 100);
  assert.equal(freshness.serverTime(at(100)), 1000);
  assert.equal(freshness.serverTime(at(2100)), 1002, "and on by the monotonic clock");
  answer(2, 1_002_000, 2000, 5000);
  assert.equal(freshness.serverTime(at(5000)), 1004.9, "a slow answer does not turn time back");
  answer(3, 500_000, 5000, 5010);
  assert.equal(freshness.serverTime(at(5010)), 1004.91, "a server's clock that was set back changes nothing");
  answer(4, 1_005_500, 6000, 6010);
  assert.equal(freshness.serverTime(at(6010)), 1005.51, "a monotonic clock that ran fast is corrected");
});
