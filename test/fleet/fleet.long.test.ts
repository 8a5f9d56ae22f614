// 1,000 verifiers on one host. The figures depend on the machine, since all of them share its cores with the server; what
// is asserted is the promise.

import { test } from "node:test";
import { measureFleet } from "./measured-fleet.ts";

test("A2 A3 A5 A6 FAULTS 18 1,000 verifiers refuse what is revoked, beside 200 others a second and beside stopped ones", (t) =>
  measureFleet({ verifiers: 1000, rounds: 20, perSecond: 200 }, ({ part, times, processor, memory }) =>
    t.diagnostic(`${part}: ${times}; the server: ${processor}, ${memory}`),
  ));
