// FAULTS row 11 measured: how much an asynchronous standby lacks when its primary is lost under load, beside it and with a
// tenth of a second of network between them. And row 10 for the grace window: an outage longer than it, and another node.

import assert from "node:assert/strict";
import { Transform } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startCluster } from "../postgres.ts";
import { type FailoverWorld, failOver, startFailoverWorld } from "./failover-world.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { startNodeProcesses } from "./node-processes.ts";
import { untilReady } from "./outage.ts";
import { seededRandom, testSeed } from "./random.ts";
import { requireStatus } from "./server-process.ts";
import { startTcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

/** Milliseconds between primary and standby, for each failover. */
const distances = [0, 0, 100, 100, 100];

test("FAULTS 11 what failovers to an asynchronous standby lose under load, and how soon all of before has ended", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  for (const [failover, distance] of distances.entries())
    await t.test(`${distance} ms away`, async (inner) => {
      const random = seededRandom(seed + failover);
      const world = await startFailoverWorld(inner, { synchronous: false });
      const { nodes, standby, primary } = world;
      if (distance > 0) await moveAway(inner, world, distance);
      const [{ database } = {}] = await primary.query(
        "SELECT datname AS database FROM pg_database WHERE datname LIKE 'test_%'",
      );
      const load = new Load(nodes, await registerLoadClients(nodes), random);
      inner.after(() => load.stop());
      // What ends with the new epoch is refused: the administrator's token too.
      const running = load
        .run(16, "pass")
        .catch((cause) => assert.match(String(cause), /answered with 40[01]/));
      await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 100, 120_000);
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

/** The standby follows by a connection on which everything takes this long. */
async function moveAway(
  t: TestContext,
  { primary, standby }: FailoverWorld,
  milliseconds: number,
): Promise<void> {
  const distance = await startTcpProxy(() => ({ toFar: later(milliseconds), toNear: later(milliseconds) }));
  t.after(() => distance.close());
  distance.leadTo(primary.port);
  const by = `host=127.0.0.1 port=${distance.port} user=${primary.user} application_name=standby`;
  await standby.query(`ALTER SYSTEM SET primary_conninfo = '${by}'`);
  await standby.query("SELECT pg_reload_conf()");
  await until("it follows by that", async () => {
    const follows = await primary.query("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'");
    return distance.connections > 0 && follows.length === 1;
  });
}

function later(milliseconds: number): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), milliseconds);
      done();
    },
  });
}

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
