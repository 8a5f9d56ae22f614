// What a verifier can do while something is wrong: short outages cost nothing, longer ones are noticed in time.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { thorough } from "../property.ts";
import { product, Simulation } from "./simulation.ts";
import { maxStaleness, type SimulatedVerifier } from "./verifier.ts";

/** One verifier, or several, that have started in good weather. */
function started(seed: number, verifiers = 1, warm = 10_000): Simulation {
  const simulation = new Simulation(seed, product, verifiers);
  simulation.run(warm);
  return simulation;
}

function stateOf({ reader, instant }: SimulatedVerifier): string {
  return reader.state(instant);
}

function only({ verifiers }: Simulation): SimulatedVerifier {
  const [verifier] = verifiers;
  assert.ok(verifier !== undefined);
  return verifier;
}

test("E4 an outage shorter than the bound minus three leases makes nothing stale", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: maxStaleness - 3000 }), (seed, outage) => {
      const simulation = started(seed, 3);
      for (const { link } of simulation.verifiers) {
        link.away = true;
        link.cut();
      }
      simulation.server.restart();
      simulation.order();
      simulation.run(outage);
      for (const { link } of simulation.verifiers) link.away = false;
      for (let i = 0; i < 400; i++) {
        simulation.run(10);
        for (const verifier of simulation.verifiers)
          assert.equal(stateOf(verifier), "fresh", `${outage} ms of outage, ${i * 10} ms after it`);
      }
    }),
    thorough(50),
  );
});

test("a feed that lags behind the leases all the time, or brings what it has in clumps, is still fresh", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const simulation = new Simulation(seed, product, 1);
      const verifier = only(simulation);
      verifier.link.lag = 2500;
      for (let i = 0; i < 300; i++) {
        simulation.order();
        simulation.run(100);
        if (simulation.time.now > 8000)
          assert.equal(stateOf(verifier), "fresh", `at ${simulation.time.now} ms`);
      }
    }),
    thorough(20),
  );
});

test("nothing is fresh before the first page, the last page and the first lease", () => {
  const simulation = new Simulation(1, product, 1);
  for (let i = 0; i < 30; i++) simulation.order();
  const verifier = only(simulation);
  const states = new Set<string>();
  while (stateOf(verifier) !== "fresh") {
    states.add(stateOf(verifier));
    assert.ok(simulation.time.now < 5000, "it starts");
    simulation.run(1);
  }
  assert.deepEqual([...states], ["loading", "stale"]);
  assert.equal(verifier.reader.position.seq, 30);
});

test("FAULTS 21 a wall clock that moves by more than a second against the monotonic one makes it stale", () => {
  for (const [jump, expected] of [
    [900, "fresh"],
    [-900, "fresh"],
    [1100, "stale"],
    [-1100, "stale"],
  ] as const) {
    const simulation = started(1, 1, 3050);
    const verifier = only(simulation);
    assert.equal(stateOf(verifier), "fresh");
    verifier.turnWallClock(jump);
    assert.equal(stateOf(verifier), expected, `${jump} ms`);
    simulation.run(2000);
    assert.equal(stateOf(verifier), "fresh", "the next lease heals it");
  }
});

test("FAULTS 21 a machine that slept is stale until the next lease, though its monotonic clock stood still", () => {
  const simulation = started(1);
  const verifier = only(simulation);
  verifier.suspend(600_000);
  simulation.order();
  simulation.run(600_000);
  assert.equal(stateOf(verifier), "stale");
  simulation.run(3000);
  assert.equal(stateOf(verifier), "fresh");
});

test("FAULTS 18 after a pause longer than the bound it is stale before it catches up", () => {
  const simulation = started(1);
  const verifier = only(simulation);
  verifier.pause(600_000);
  simulation.order();
  simulation.run(599_999);
  assert.equal(stateOf(verifier), "stale");
  simulation.run(5000);
  assert.equal(stateOf(verifier), "fresh");
  assert.deepEqual(verifier.reader.position, simulation.server.head);
});
