// Epochs and how a restore is noticed. DESIGN.md section 1, "Restores".
import assert from "node:assert/strict";
import { test } from "node:test";
import { epochOf, firstOfEpoch, follows, type Home, nextEpoch, noticedRestore } from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";

const seconds = fc.integer({ min: 0, max: 271 * 365 * 86_400 });
const start = Date.UTC(2025, 0, 1) / 1000;

test("FD-11 an epoch is the second since 2025, and its first number follows every one that was given", () => {
  assert.equal(nextEpoch(start + 53_222_400.7, [0, 17]), 53_222_400);
  holds(
    fc.property(seconds, fc.array(fc.nat(2 ** 52), { maxLength: 4 }), (at, given) => {
      const first = firstOfEpoch(nextEpoch(start + at, given));
      assert.ok(Number.isSafeInteger(first));
      for (const seq of given) {
        assert.ok(first > seq);
        assert.equal(follows(seq, { seq: first, kind: "epoch" }), true);
      }
    }),
  );
});

test("FD-11 a clock that was set back, or more than a million numbers in a second, still begin a later epoch", () => {
  const first = firstOfEpoch(nextEpoch(start + 100, []));
  const carried = first + 3 * 2 ** 20;
  assert.ok(nextEpoch(start + 50, [first]) > 100);
  assert.ok(nextEpoch(start + 101, [carried]) > epochOf(carried));
});

const home: Home = { system: "1", timeline: 1, replicated: false };

test("a log behind what was known is a restore, wherever it lives", () => {
  for (const now of [undefined, home]) assert.equal(noticedRestore("off-log", now, now), "behind");
  for (const known of ["on-log", "unknown"] as const)
    assert.equal(noticedRestore(known, home, home), undefined);
});

test("another system is a restore, whatever is on its log", () => {
  assert.equal(noticedRestore("on-log", home, { ...home, system: "2" }), "system");
  assert.equal(noticedRestore("on-log", { ...home, replicated: true }, { ...home, system: "2" }), "system");
  assert.equal(noticedRestore("on-log", undefined, home), undefined);
  assert.equal(noticedRestore("on-log", home, undefined), undefined);
});

test("FAULTS 11 another timeline is none only where commits were replicated and what was known is on the log", () => {
  const promoted = { ...home, timeline: 2 };
  assert.equal(noticedRestore("on-log", { ...home, replicated: true }, promoted), undefined);
  assert.equal(noticedRestore("unknown", { ...home, replicated: true }, promoted), "timeline");
  assert.equal(noticedRestore("on-log", home, promoted), "timeline");
});
