// FAULTS.md at length: many seeds on one node and on three, with faults of every kind and with restores, and every seeded
// bug. Prints the table of docs/proof.md.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testSeed } from "../faults/random.ts";
import { type Cluster, startCluster } from "../postgres.ts";
import { type Figures, figuresOf, sumOf, tellFigures } from "./figures.ts";
import { type JudgedRun, onOneNode, onThreeNodes, wrongIn } from "./judged-run.ts";
import { found, runFor, stopMutantsCluster } from "./mutant-runs.ts";
import { flagsOf, mutants } from "./mutants.ts";

const seed = testSeed();
const histories = 12;
const seconds = 20;
/** Seeds in which each bug must be found. */
const mostSeeds = 10;
const settings = { seconds, workers: 6, verifiers: 3, rest: 25 };

let cluster: Cluster;
before(async () => {
  cluster = await startCluster();
});
after(async () => {
  await cluster.stop();
  await stopMutantsCluster();
});

interface Kind {
  readonly what: string;
  readonly count: number;
  readonly run: (seed: number) => Promise<JudgedRun>;
}

const kinds: readonly Kind[] = [
  {
    what: "one node on SQLite: node and verifiers killed, paused, cut off, clocks stepped",
    count: histories,
    run: (at) =>
      onOneNode({ ...settings, seed: at, about: "one node", faults: { nodes: true, verifiers: true } }),
  },
  {
    what: "one node on SQLite: an older copy of the database put in its place",
    count: 4,
    run: (at) =>
      onOneNode({ ...settings, seed: at, about: "restored", faults: { restore: true, verifiers: true } }),
  },
  {
    what: "three nodes on PostgreSQL: the same, and PostgreSQL crashed and cut off from nodes",
    count: histories,
    run: (at) =>
      onThreeNodes(cluster, {
        ...{ ...settings, seed: at, about: "three nodes", breaks: "connections and crashes" },
        faults: { nodes: true, verifiers: true },
      }),
  },
];

for (const { what, count, run } of kinds)
  test(`FAULTS A1-A7 B1-B4 C1-C4 D1 D2 D4 E1 ${count} histories: ${what}`, async (t) => {
    const figures: Figures[] = [];
    const wrong: string[] = [];
    for (let at = 0; at < count; at++) {
      const judged = await run(seed + at);
      figures.push(figuresOf(judged.history));
      const told = wrongIn(judged);
      if (told !== undefined) wrong.push(told);
    }
    t.diagnostic(
      `${what}: ${count} histories of ${seconds} s from seed ${seed}: ${tellFigures(sumOf(figures))}; ${wrong.length} with violations`,
    );
    assert.deepEqual(wrong, []);
  });

for (const mutant of mutants)
  test(`FAULTS the seeded bug "${mutant.name}" is found, and nothing without it: ${mutant.what}`, async (t) => {
    for (let tried = 1; tried <= mostSeeds; tried++) {
      const at = { seed: seed + tried - 1, seconds: 12 };
      const clean = await runFor(mutant, at);
      assert.equal(wrongIn(clean), undefined);
      const names = found(await runFor(mutant, { ...at, nodeFlags: flagsOf(mutant) }), mutant);
      if (names.length === 0) continue;
      t.diagnostic(`| ${mutant.name} | ${mutant.what} | ${names.join(", ")} | ${tried} |`);
      return;
    }
    assert.fail(`not found in ${mostSeeds} histories from seed ${seed}`);
  });
