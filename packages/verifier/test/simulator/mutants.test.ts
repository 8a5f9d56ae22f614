// The simulation is tested with bugs of its own: each of the twelve is found, and it says after how many schedules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seed } from "../property.ts";
import { Violation } from "./history.ts";
import { mutants } from "./mutants.ts";
import { simulate } from "./simulation.ts";

/** Schedules within which every bug has to show; the rarest shows in one of thirty. */
const most = 2000;

assert.equal(mutants.length, 12);

for (const { bug, found, world } of mutants)
  test(`the simulation finds: ${bug} (${found.join(", ")})`, (t) => {
    for (let i = 1; i <= most; i++) {
      try {
        simulate((seed + i) % 2 ** 31, world);
      } catch (cause) {
        if (!(cause instanceof Violation)) throw cause;
        assert.ok(found.includes(cause.invariant), cause.message);
        t.diagnostic(`${bug}: schedule ${i}, ${cause.message}`);
        return;
      }
    }
    assert.fail(`not found in ${most} schedules from ${seed}`);
  });
