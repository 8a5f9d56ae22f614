// When a failed delivery is tried again: about three days, waits that grow, and what the receiver asks for.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seed } from "../../../../test/seed.ts";
import { retryAfterMs, waitAfter, webhookSchedule } from "../../src/webhooks/schedule.ts";

const hour = 3_600_000;

function waits(chance: number): number[] {
  const found: number[] = [];
  for (let attempts = 1; ; attempts++) {
    const wait = waitAfter(attempts, webhookSchedule, chance);
    if (wait === undefined) return found;
    found.push(wait);
  }
}

test("a receiver that is down has about three days: fifteen attempts, each wait at least as long as the one before", () => {
  for (const chance of [0, 0.5, 0.999]) {
    const all = waits(chance);
    assert.equal(all.length, webhookSchedule.attempts - 1);
    assert.deepEqual(
      all,
      all.toSorted((a, b) => a - b),
    );
    const sum = all.reduce((total, wait) => total + wait, 0);
    assert.ok(sum > 2.4 * 24 * hour && sum < 3.8 * 24 * hour, `${sum / hour} hours`);
  }
  assert.equal(waits(0.5)[0], 5_000);
});

test("what failed together is not repeated together: a wait lies within a fifth of its mean", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (chance) => {
      const wait = waitAfter(1, webhookSchedule, chance) ?? 0;
      assert.ok(wait >= 4_000 && wait <= 6_000, String(wait));
    }),
    { seed },
  );
  assert.ok((waitAfter(1, webhookSchedule, 0) ?? 0) < (waitAfter(1, webhookSchedule, 0.99) ?? 0));
});

test("Retry-After lengthens a wait, never shortens it, and not beyond the longest", () => {
  assert.equal(waitAfter(1, webhookSchedule, 0.5, 60_000), 60_000);
  assert.equal(waitAfter(3, webhookSchedule, 0.5, 1_000), 45_000);
  assert.equal(waitAfter(1, webhookSchedule, 0.5, 365 * 24 * hour), webhookSchedule.mostMs);
});

test("RFC 9110 section 10.2.3: Retry-After is seconds or a date; anything else says nothing", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(retryAfterMs("120", now), 120_000);
  assert.equal(retryAfterMs("Thu, 01 Jan 2026 00:01:00 GMT", now), 60_000);
  assert.equal(retryAfterMs("Wed, 31 Dec 2025 00:01:00 GMT", now), 0);
  for (const nothing of [undefined, "", "soon", "-5", "1e9", "99999999999"])
    assert.equal(retryAfterMs(nothing, now), 0, nothing);
});

test("a claim outlives its attempt, so that nobody else makes the attempt that is under way", () => {
  assert.ok(webhookSchedule.claimMs > webhookSchedule.timeoutMs);
});
