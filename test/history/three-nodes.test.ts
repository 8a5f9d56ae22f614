// FAULTS.md on three nodes over one PostgreSQL: random clients at all of them, verifiers in other processes; nodes killed,
// paused and cut off, PostgreSQL crashed and cut off from nodes meanwhile. What all of them saw is judged.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testSeed } from "../faults/random.ts";
import { type Cluster, startCluster } from "../postgres.ts";
import { onThreeNodes, wrongIn } from "./judged-run.ts";

let cluster: Cluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster.stop());

test("FAULTS A1-A7 B1-B4 C1-C4 D1 D2 D4 E1 what clients and verifiers of three nodes saw contradicts no invariant", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const run = await onThreeNodes(cluster, {
    ...{
      seed,
      about: "three nodes, PostgreSQL",
      seconds: 8,
      atLeast: 1_200,
      workers: 6,
      verifiers: 2,
      rest: 40,
    },
    faults: { nodes: true, verifiers: true },
    breaks: "connections and crashes",
  });
  t.diagnostic(run.figures);
  assert.equal(wrongIn(run), undefined);
});
