// Servers that leave a part of the protocol out: the random schedules notice each. What they leave out is taken away on
// the way to the cache, so that the product has no switch for it. Two parts have tests of their own, which fail without
// them, since chance rarely meets them: that a position keeps a node that is behind from writing over what is newer
// (copy.test.ts), and that a lease is reckoned from before the head was read (outages.test.ts).

import assert from "node:assert/strict";
import { test } from "node:test";
import { randomFrom, seed } from "../../../../test/seed.ts";
import { type Mutant, runSchedule } from "./schedule.ts";

const mutants: readonly Mutant[] = ["no mark", "lease need not hold"];

for (const mutant of mutants)
  test(`a server without a part of the protocol is noticed: ${mutant}`, async (t) => {
    for (let i = 0; i < 60; i++) {
      const { violations } = await runSchedule(randomFrom(seed + i), { steps: 60, mutant });
      if (violations.length === 0) continue;
      t.diagnostic(`schedule ${i}: ${violations[0]}`);
      return;
    }
    assert.fail("not noticed");
  });
