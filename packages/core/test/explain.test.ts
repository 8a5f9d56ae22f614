// An explanation says nothing but what the rule says: tables of its sentences, and properties against liveness.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  covers,
  explain,
  explainEntry,
  type Judged,
  type KeptEntry,
  liveness,
  type Unit,
  unitKey,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { foreignTokens, seconds, standing, tokens } from "./world.ts";

const token: Judged = {
  issuer: "https://as.example",
  ours: true,
  tokenId: "tid_1",
  grantId: "gnt_1",
  subject: "usr_1",
  clientId: "shop",
  offline: false,
  rev: 7,
  authorisedAt: 1000,
  expiresAt: 2000,
  lineage: ["parent"],
};

describe("one sentence for each thing an entry can do", () => {
  const cases: [KeptEntry, string, RegExp][] = [
    [{ seq: 3, unit: "token" }, "covers", /token\) covers it for good/],
    [{ seq: 3, unit: "client", suspend: true }, "covers", /suspension/],
    [{ seq: 8, unit: "subject" }, "covers", /rev 7 is below 8\.$/],
    [{ seq: 8, unit: "subject", before: 1000 }, "covers", /authorised at 1000, up to 1000/],
    [{ seq: 7, unit: "subject" }, "spares", /rev 7 is not below 7/],
    [{ seq: 8, unit: "subject", before: 999 }, "spares", /after the order's before \(999\)/],
    [{ seq: 3, unit: "grant", liftedBy: 4 }, "lifted", /taken back by entry 4/],
  ];
  for (const [entry, effect, why] of cases)
    test(`${entry.unit} at ${entry.seq}: ${effect}`, () => {
      const explained = explainEntry(entry, token);
      assert.equal(explained.effect, effect);
      assert.match(explained.why, why);
    });

  test("a foreign token is explained by its iat, and without one it is covered", () => {
    const foreign: Judged = { ...token, ours: false, rev: undefined };
    const entry = { seq: 1, unit: "issuer", before: 1000 } as const;
    assert.match(explainEntry(entry, foreign).why, /issued at 1000; the order covers what was up to 1000/);
    assert.match(explainEntry(entry, { ...foreign, authorisedAt: undefined }).why, /does not say when/);
    assert.match(explainEntry({ ...entry, before: undefined }, foreign).why, /no before/);
    assert.equal(explainEntry({ ...entry, before: 900 }, foreign).effect, "spares");
  });
});

test("units without entries are shown too, those of the lineage only with entries", () => {
  const { verdict, units, lineage } = explain(token, new Map(), unitKey, 1500);
  assert.deepEqual(verdict, { kind: "live" });
  assert.deepEqual(
    units.map(({ unit }) => unit),
    unitsOf(token),
  );
  assert.deepEqual(lineage, []);
});

test("an entry in the lineage covers and is shown there", () => {
  const entry: KeptEntry = { seq: 9, unit: "subject" };
  const { verdict, lineage } = explain(token, new Map([["parent", [entry]]]), unitKey, 1500);
  assert.deepEqual(verdict, { kind: "revoked", by: entry });
  assert.deepEqual(
    lineage.map(({ fp, entries }) => [fp, entries.map(({ effect }) => effect)]),
    [["parent", ["covers"]]],
  );
});

const kept: fc.Arbitrary<KeptEntry & { of: Unit }> = fc
  .tuple(standing, fc.option(fc.nat(100), { nil: undefined }))
  .map(([entry, liftedBy]) => ({ ...entry, liftedBy }));

test("the verdict is the rule's, and an entry is said to cover exactly where it does", () => {
  holds(
    fc.property(
      fc.oneof(tokens, foreignTokens),
      fc.array(kept, { maxLength: 12 }),
      seconds,
      (one, all, at) => {
        const named = Map.groupBy(all, (entry) => unitKey(entry.of));
        const { verdict, units, lineage } = explain(one, named, unitKey, at);
        const keys = new Set([...unitsOf(one).map(unitKey), ...one.lineage]);
        const found = all.filter((entry) => keys.has(unitKey(entry.of)));
        const stands = found.filter((entry) => entry.liftedBy === undefined);
        assert.equal(verdict.kind, liveness(one, stands, at).kind);
        const shown = [...units, ...lineage].flatMap(({ entries }) => entries);
        assert.deepEqual(new Set(shown.map(({ entry }) => entry)), new Set(found));
        for (const { entry, effect } of shown) {
          const expected = covers(entry, one) ? "covers" : "spares";
          assert.equal(effect, entry.liftedBy === undefined ? expected : "lifted");
        }
      },
    ),
  );
});
