// FAULTS row 10 (with rows 1 and 2 of the database's side): PostgreSQL ends as by a power cut, under load on two nodes, and
// comes back. Meanwhile everything is a 503 with Retry-After; what was acknowledged holds; no grant ends by it; the nodes
// go on by themselves.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Cluster, startCluster } from "../postgres.ts";
import { rounds } from "../seed.ts";
import { violations } from "./history-checker.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { startNodeProcesses } from "./node-processes.ts";
import { assertUnavailable, untilReady } from "./outage.ts";
import { seededRandom, testSeed } from "./random.ts";
import { until } from "./until.ts";

const crashes = rounds(1, 20);
const workers = 8;
const enough = 10;

let cluster: Cluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster.stop());

test(`FAULTS 10 A4 A7 B3 E1 ${crashes} crashes of the primary under load lose nothing acknowledged, and no node is restarted`, async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const random = seededRandom(seed);
  const url = await cluster.freshDatabase();
  const nodes = await startNodeProcesses({ count: 2, database: () => url });
  t.after(() => nodes.close());
  const pids = nodes.each.map(({ pid }) => pid);
  const load = new Load(nodes, await registerLoadClients(nodes), random);
  t.after(() => load.stop());
  const away: number[] = [];

  for (let crash = 0; crash < crashes; crash++) {
    const running = load.run(workers, "pass");
    await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= enough, 120_000);
    await pause(random.below(51)); // the fault's own moment, not a wait for anything
    const down = performance.now();
    await cluster.kill();
    for (const node of nodes.each) await assertUnavailable(node);
    await cluster.restart();
    const up = performance.now();
    await untilReady(nodes);
    away.push(performance.now() - up);
    load.history.push({ op: "outage", sent: down, returned: performance.now() });
    load.stop();
    await running;
    await load.repeatLostRefreshes();
    await load.checkTokens("round");
  }
  await load.checkTokens("all");
  await load.readAudit();
  assert.deepEqual(
    nodes.each.map(({ pid, isRunning }) => isRunning && pid),
    pids,
    "no node ended",
  );
  t.diagnostic(`${load.failures.length} requests without a definite answer`);
  t.diagnostic(`ready again after the database was: ${away.map((ms) => `${ms.toFixed(0)} ms`).join(", ")}`);
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
});
