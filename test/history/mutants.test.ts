// The judge is worth what it finds: each seeded bug of FAULTS.md is found in what clients of a server with it saw. The
// server without it passes on the same seeds (one-node.test.ts; in the long run with the very same settings).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { testSeed } from "../faults/random.ts";
import { found, runFor, stopMutantsCluster } from "./mutant-runs.ts";
import { flagsOf, mutants } from "./mutants.ts";
import { builtFrom } from "./seeded-source.ts";

/** Seeds in which one must be found. */
const mostSeeds = 12;

after(stopMutantsCluster);

test("each seeded bug stands for words that are in what was built exactly once", () => {
  for (const { name, edits } of mutants)
    for (const { file, from } of edits) {
      const built = fileURLToPath(builtFrom(file));
      assert.ok(existsSync(built), `${built}: not built`);
      assert.equal(
        readFileSync(built, "utf8").split(from).length,
        2,
        `${name}: ${file} has no or several: ${from}`,
      );
    }
});

for (const mutant of mutants.filter(({ isQuick }) => isQuick))
  test(`FAULTS the judge finds the seeded bug "${mutant.name}": ${mutant.what}`, async (t) => {
    const seed = testSeed();
    for (let tried = 1; tried <= mostSeeds; tried++) {
      const run = await runFor(mutant, { seed: seed + tried - 1, seconds: 2, nodeFlags: flagsOf(mutant) });
      const names = found(run, mutant);
      if (names.length === 0) continue;
      t.diagnostic(`found as ${names.join(", ")} in history ${tried}, seed ${seed + tried - 1}`);
      return;
    }
    assert.fail(`not found in ${mostSeeds} histories from seed ${seed}`);
  });
