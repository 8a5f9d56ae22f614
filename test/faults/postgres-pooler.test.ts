// PgBouncer in transaction mode between the nodes and PostgreSQL: the whole life of tokens through it, what one node
// answered in force at the other, and on after the pooler crashed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Cluster, startCluster } from "../postgres.ts";
import { rounds } from "../seed.ts";
import { violations } from "./history-checker.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { startNodeProcesses } from "./node-processes.ts";
import { assertUnavailable, untilReady } from "./outage.ts";
import { type PgBouncer, startPgBouncer } from "./pgbouncer.ts";
import { seededRandom, testSeed } from "./random.ts";
import { until } from "./until.ts";

let cluster: Cluster;
let pooler: PgBouncer;
before(async () => {
  cluster = await startCluster();
  pooler = await startPgBouncer(cluster);
});
after(async () => {
  await pooler?.stop();
  await cluster.stop();
});

/** As docs/operations/failover.md says it is to be set. */
const parameters = "rescind_prepared=0";

test("A1 AC-16 through PgBouncer in transaction mode what is revoked at one node is dead at the other at once", async (t) => {
  const url = pooler.through(await cluster.freshDatabase(parameters));
  const nodes = await startNodeProcesses({ count: 2, database: () => url });
  t.after(() => nodes.close());
  const client = await nodes.registerClient({ access_token_format: "opaque" });
  for (let round = 0; round < rounds(5, 2000); round++) {
    const [one, other] = [nodes.node(round), nodes.node(round + 1)];
    const { access_token, refresh_token } = await one.openGrant(client, "usr_alice");
    const parameters = { grant_type: "refresh_token", refresh_token };
    const refreshed = await other.form("/oauth2/token", parameters, client);
    assert.equal(refreshed.status, 200, refreshed.text);
    const tokens = [access_token, refreshed.json.access_token, refreshed.json.refresh_token].map(String);
    for (const token of tokens) assert.equal(await one.isActive(token), true);
    const last = tokens.at(-1) ?? "";
    assert.equal((await one.form("/oauth2/revoke", { token: last }, client)).status, 200);
    for (const token of tokens) assert.equal(await other.isActive(token), false);
  }
});

test("A4 A7 B3 a crash of PgBouncer under load loses nothing acknowledged, and the nodes go on by themselves", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const url = pooler.through(await cluster.freshDatabase(parameters));
  const nodes = await startNodeProcesses({ count: 2, database: () => url });
  t.after(() => nodes.close());
  const load = new Load(nodes, await registerLoadClients(nodes), seededRandom(seed));
  t.after(() => load.stop());
  for (let crash = 0; crash < rounds(1, 20); crash++) {
    const running = load.run(8, "pass");
    await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 10, 120_000);
    const down = performance.now();
    await pooler.kill();
    for (const node of nodes.each) await assertUnavailable(node);
    await pooler.start();
    await untilReady(nodes);
    load.history.push({ op: "outage", sent: down, returned: performance.now() });
    load.stop();
    await running;
    await load.repeatLostRefreshes();
    await load.checkTokens("round");
  }
  await load.checkTokens("all");
  await load.readAudit();
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
});
