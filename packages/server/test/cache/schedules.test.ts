// Random schedules of orders, lifts, cuts, flushes, rollbacks and restarts over two copies. FAULTS 14 and 15.

import assert from "node:assert/strict";
import { test } from "node:test";
import { randomFrom, rounds, seed } from "../../../../test/seed.ts";
import { runSchedule } from "./schedule.ts";

const schedules = rounds(2, 60);

test(`FAULTS 14, FAULTS 15: ${schedules} random schedules: nothing revoked is believed longer than a lease lives`, async (t) => {
  let live = 0;
  for (let i = 0; i < schedules; i++) {
    const { violations, accepted } = await runSchedule(randomFrom(seed + i), { steps: 60 });
    assert.deepEqual(violations, [], `seed ${seed + i}`);
    live += accepted;
  }
  t.diagnostic(`${live} checks found a token live`);
});
