// The filter before the fingerprints: its "no" is certain, its "maybe" is seldom wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Unit, unitNames } from "@rescind/core";
import fc from "fast-check";
import { seed } from "../../../../test/seed.ts";
import { UnitFilter } from "../../src/tokens/unit-filter.ts";

const anyUnit: fc.Arbitrary<Unit> = fc.record({
  name: fc.constantFrom(...unitNames),
  issuer: fc.constant("https://as.example"),
  value: fc.string({ maxLength: 40 }),
  client: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
});

test("A1 no unit that was added is ever said not to be there, however many there are", () => {
  fc.assert(
    fc.property(fc.array(anyUnit, { maxLength: 50 }), fc.nat(40_000), (units, others) => {
      const filter = new UnitFilter();
      for (const unit of units) filter.add(unit);
      for (let i = 0; i < others; i++) filter.add({ name: "token", issuer: "", value: `tid_${i}` });
      for (const unit of units) assert.ok(filter.mayHold(unit));
      for (let i = 0; i < others; i += 97)
        assert.ok(filter.mayHold({ name: "token", issuer: "", value: `tid_${i}` }));
    }),
    { seed, numRuns: 20 },
  );
});

test("of units that were not added fewer than one in fifty may be there", () => {
  const filter = new UnitFilter();
  for (let i = 0; i < 100_000; i++) filter.add({ name: "grant", issuer: "", value: `gnt_3184029584711${i}` });
  let wrong = 0;
  for (let i = 0; i < 10_000; i++)
    for (const name of ["grant", "token"] as const)
      if (filter.mayHold({ name, issuer: "", value: `gnt_3184029599911${i}` })) wrong += 1;
  assert.ok(wrong < 400, `${wrong} of 20,000`);
});
