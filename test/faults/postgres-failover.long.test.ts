// FAULTS row 11 measured: how much an asynchronous standby lacks when its primary is lost under load, on one machine, where
// nothing is nearer. And row 10's longest form for the grace window: an outage longer than it, retried at another node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startCluster } from "../postgres.ts";
import { failOver, startFailoverWorld } from "./failover-world.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { startNodeProcesses } from "./node-processes.ts";
import { untilReady } from "./outage.ts";
import { seededRandom, testSeed } from "./random.ts";
import { requireStatus } from "./server-process.ts";
import { until } from "./until.ts";

const failovers = 5;

test(`FAULTS 11 what ${failovers} failovers to an asynchronous standby lose under load, and how soon all of before has ended`, async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  for (let failover = 0; failover < failovers; failover++)
    await t.test(`failover ${failover}`, async (inner) => {
      const random = seededRandom(seed + failover);
      const world = await startFailoverWorld(inner, { synchronous: false });
      const { nodes, standby, primary } = world;
      const [{ database } = {}] = await primary.query(
        "SELECT datname AS database FROM pg_database WHERE datname LIKE 'test_%'",
      );
      const load = new Load(nodes, await registerLoadClients(nodes), random);
      const running = load.run(16, "pass");
      await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 100);
      await pause(random.below(51)); // the fault's own moment, not a wait for anything
      const down = performance.now();
      await failOver(world, async () => {
        const [head] = await standby.query("SELECT seq FROM feed_head", String(database));
        const acknowledged = load.history.filter(
          (record) => record.op === "revoke" && record.result === "ok",
        );
        const lost = acknowledged.filter(
          (record) => "seq" in record && Number(record.seq) > Number(head?.seq),
        );
        const since = Math.min(...lost.map(({ returned }) => returned), down);
        inner.diagnostic(
          `${lost.length} of ${acknowledged.length} acknowledged revocations lost, those of the last ${(down - since).toFixed(0)} ms`,
        );
      });
      await untilReady(nodes);
      load.stop();
      await running;
      const revoked = load.acknowledgedAsRevoked;
      await until("everything of before has ended", async () => {
        for (const token of revoked.slice(-50))
          for (const node of nodes.each) {
            const { status, json } = await node.form("/oauth2/introspect", { token }, node.adminClient);
            if (status !== 200 || json.active === true) return false;
          }
        return true;
      });
      inner.diagnostic(
        `nothing of before is live ${((performance.now() - down) / 1000).toFixed(1)} s after the loss`,
      );
    });
});

test("FAULTS 10 B3 after an outage longer than the grace window a refresh is repeated at a node that nobody asked meanwhile", async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.stop());
  const url = await cluster.freshDatabase();
  const nodes = await startNodeProcesses({ count: 2, database: () => url });
  t.after(() => nodes.close());
  const client = await nodes.registerClient();
  const { refresh_token } = await nodes.node(0).openGrant(client, "usr_alice");
  const parameters = { grant_type: "refresh_token", refresh_token };
  // Its answer is lost on the way, and then the database.
  const lost = requireStatus(await nodes.node(0).form("/oauth2/token", parameters, client), 200).json;
  await cluster.kill();
  await pause(graceMs + 3000); // the length of the outage is what is tested
  await cluster.restart();
  await untilReady(nodes);
  const again = requireStatus(await nodes.node(1).form("/oauth2/token", parameters, client), 200).json;
  assert.equal(again.refresh_token, lost.refresh_token);
});
