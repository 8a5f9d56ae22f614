// FAULTS row 26: three nodes over one database are restarted one after the other under load. By SIGTERM no request fails
// that a client may not send again over a new connection; by SIGKILL some have no answer, and nothing else happens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Cluster, startCluster } from "../postgres.ts";
import { rounds } from "../seed.ts";
import { violations } from "./history-checker.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { type NodeProcesses, startNodeProcesses } from "./node-processes.ts";
import { seededRandom, testSeed } from "./random.ts";
import { until } from "./until.ts";

const workers = 3;
/** Acknowledged requests between one fault and the next. */
const enough = 20;

let cluster: Cluster;
let nodes: NodeProcesses;
before(async () => {
  cluster = await startCluster();
  const url = await cluster.freshDatabase();
  nodes = await startNodeProcesses({ count: 3, database: () => url });
});
after(async () => {
  await nodes?.close();
  await cluster.stop();
});

test("FAULTS 26 A1 B3 a rolling restart of three nodes by SIGTERM under load fails no request", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const load = new Load(nodes, await registerLoadClients(nodes), seededRandom(seed));
  t.after(() => load.stop());
  const running = load.run(workers);
  for (let restart = 0; restart < rounds(3, 60); restart++) {
    await acknowledgedMore(load);
    const node = nodes.node(restart);
    const down = performance.now();
    node.signal("SIGTERM");
    assert.deepEqual(await node.ended, { code: 0, signal: null });
    await acknowledgedMore(load);
    await node.start();
    load.history.push({ op: "outage", partly: true, sent: down, returned: performance.now() });
  }
  load.stop();
  await running;
  const { refused, resent } = nodes;
  t.diagnostic(
    `${load.history.length} requests; ${resent} sent again, ${refused} turned to another node: the first was down`,
  );
  assert.deepEqual(load.failures, []);
  await judge(load, seed);
});

test("FAULTS 26 1 2 A4 A7 B3 nodes that are killed one after the other leave requests without an answer, and nothing else", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  nodes.sendsAgain = false;
  const load = new Load(nodes, await registerLoadClients(nodes), seededRandom(seed));
  t.after(() => load.stop());
  for (let kill = 0; kill < rounds(1, 60); kill++) {
    const running = load.run(workers, "pass");
    await acknowledgedMore(load);
    const node = nodes.node(kill);
    const down = performance.now();
    await node.kill();
    await acknowledgedMore(load);
    load.stop();
    await running;
    await load.repeatLostRefreshes();
    await load.checkTokens("round");
    await node.start();
    load.history.push({ op: "outage", partly: true, sent: down, returned: performance.now() });
  }
  t.diagnostic(`${load.failures.length} requests without an answer`);
  await judge(load, seed);
});

/** The nodes that are up serve. */
async function acknowledgedMore(load: Load): Promise<void> {
  const before = load.history.length;
  await until("requests are acknowledged", () => load.history.length >= before + enough, 120_000);
}

async function judge(load: Load, seed: number): Promise<void> {
  await load.checkTokens("all");
  await load.readAudit();
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
}
