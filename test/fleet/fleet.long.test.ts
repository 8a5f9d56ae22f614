// 1,000 verifiers on one host, and 100 beside 200 revocations a second. The figures depend on the machine, since all of them
// share its cores with the server; what is asserted is the promise.

import { type TestContext, test } from "node:test";
import { type FleetSize, measureFleet } from "./measured-fleet.ts";

test("A2 A3 A5 A6 FAULTS 18 1,000 verifiers refuse what is revoked, alone, beside others and beside stopped ones", (t) =>
  measured(t, { verifiers: 1000, rounds: 20, perSecond: 10, leaseInterval: 10 }));

// 200 a second at 1,000 verifiers are 200,000 entries a second to check, more than two cores can.
test("A2 A3 A5 A6 FAULTS 18 100 verifiers do beside 200 other revocations a second", (t) =>
  measured(t, { verifiers: 100, rounds: 20, perSecond: 200, leaseInterval: 1.5 }));

function measured(t: TestContext, size: FleetSize): Promise<void> {
  return measureFleet(size, ({ part, times, processor, memory }) =>
    t.diagnostic(`${part}: ${times}; server and verifiers: ${processor}, the server: ${memory}`),
  );
}
