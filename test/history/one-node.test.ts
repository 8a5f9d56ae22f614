// FAULTS.md on one node with SQLite: random clients, verifiers in other processes, and the node killed, paused and cut off
// meanwhile; what they saw is judged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../faults/random.ts";
import { onOneNode, wrongIn } from "./judged-run.ts";

test("FAULTS A1-A7 B1-B4 C1-C4 D1 D2 D4 E1 what clients and verifiers of one node saw contradicts no invariant", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const run = await onOneNode({
    ...{ seed, about: "one node, SQLite", seconds: 8, atLeast: 1_200, workers: 6, verifiers: 2, rest: 40 },
    faults: { nodes: true, verifiers: true },
  });
  t.diagnostic(run.figures);
  assert.equal(wrongIn(run), undefined);
});
