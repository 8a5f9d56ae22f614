// Verifiers, server, network and clocks in virtual time, whatever befalls them: FAULTS A2, A5, A6, D1 to D4.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seed } from "../property.ts";
import { runSchedules } from "./schedules.ts";
import { simulate } from "./simulation.ts";

const schedules = 250;

test("A2 A5 A6 D1 D2 D3 D4 FD-02 FD-03 FD-04 FD-11 hold in every schedule, and 5 s after the faults all is well", (t) => {
  const sum = runSchedules(seed, schedules);
  t.diagnostic(`${schedules} schedules from ${seed}: ${JSON.stringify(sum)}`);
  // The schedules are about something: each kind of verdict comes up all the time.
  for (const [verdict, count] of Object.entries(sum)) assert.ok(count > 20 * schedules, verdict);
});

test("a schedule is its seed: the same one gives the same run, another one another", () => {
  assert.deepEqual(simulate(seed), simulate(seed));
  assert.notDeepEqual(simulate(seed), simulate(seed + 1));
});
