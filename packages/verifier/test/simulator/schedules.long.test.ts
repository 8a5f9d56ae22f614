// The stated number of schedules. FAULTS A2, A5, A6, D1 to D4.

import { test } from "node:test";
import { seed } from "../property.ts";
import { runSchedules } from "./schedules.ts";

const schedules = 30_000;

test("A2 A5 A6 D1 D2 D3 D4 hold in tens of thousands of schedules", (t) => {
  const sum = runSchedules(seed, schedules);
  t.diagnostic(`${schedules} schedules from ${seed}: ${JSON.stringify(sum)}`);
});
