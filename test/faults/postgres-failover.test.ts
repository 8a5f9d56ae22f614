// FAULTS row 11: the primary is lost and a standby is promoted. With a synchronous standby nothing acknowledged is lost.
// With an asynchronous one the last moments are lost, and the server finds that out: see docs/operations/failover.md.
// Nodes reach the database by an address that follows the primary, as through a proxy or a virtual address.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type FailoverWorld, failOver, followed, startFailoverWorld } from "./failover-world.ts";
import { violations } from "./history-checker.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { untilReady } from "./outage.ts";
import { seededRandom, testSeed } from "./random.ts";
import { requireStatus, type ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

test("FAULTS 11 A4 B3 E1 a synchronous standby", async (t) => {
  const world = await startFailoverWorld(t, { synchronous: true });
  await t.test("a commit whose wait for it was cancelled is a 503, not a 200", () => cancelWait(world));
  await t.test("failover to it under load loses nothing acknowledged", (inner) =>
    failUnderLoad(inner, world),
  );
});

async function cancelWait({ primary, standby, nodes }: FailoverWorld): Promise<void> {
  const node = nodes.node(0);
  assert.equal(await durability(node), "replicated");
  const client = await nodes.registerClient({ access_token_format: "opaque" });
  const token = await node.clientToken(client);
  await standby.kill();
  const asked = node.form("/oauth2/revoke", { token }, client);
  let isOver = false;
  void asked.finally(() => {
    isOver = true;
  });
  let cancelled = 0;
  await until("the wait was cancelled and the request answered", async () => {
    if (isOver) return true;
    const rows = await primary.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    );
    cancelled += rows.length;
    return false;
  });
  const answer = await asked;
  assert.ok(cancelled > 0, "control: a commit waited for the standby");
  assert.equal(answer.status, 503, answer.text);
  assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/);
  await standby.restart();
  await until("the standby follows again", async () => {
    const [row] = await primary.query("SELECT sync_state FROM pg_stat_replication");
    return row?.sync_state === "sync";
  });
}

async function failUnderLoad(t: TestContext, world: FailoverWorld): Promise<void> {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const random = seededRandom(seed);
  const { nodes } = world;
  const load = new Load(nodes, await registerLoadClients(nodes), random);
  t.after(() => load.stop());
  const running = load.run(8, "pass");
  await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 20, 120_000);
  await pause(random.below(51)); // the fault's own moment, not a wait for anything
  const down = performance.now();
  await failOver(world);
  await untilReady(nodes);
  t.diagnostic(`ready at the new primary after ${(performance.now() - down).toFixed(0)} ms`);
  load.history.push({ op: "outage", sent: down, returned: performance.now() });
  load.stop();
  await running;
  await load.repeatLostRefreshes();
  await load.checkTokens("all");
  await load.readAudit();
  t.diagnostic(`${load.failures.length} requests without a definite answer`);
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
  for (const node of nodes.each)
    assert.equal(await durability(node), "local", "it has no standby of its own yet");
}

async function durability(node: ServerProcess): Promise<unknown> {
  return requireStatus(await node.ask("GET", "/readyz"), 200).json.durability;
}

test("FAULTS 11 A4 what an asynchronous standby had not got is lost: the nodes notice, and everything of before ends", async (t) => {
  const { primary, standby, address, nodes } = await startFailoverWorld(t, { synchronous: false });
  const [first, second] = [nodes.node(0), nodes.node(1)];
  const client = await nodes.registerClient({ access_token_format: "opaque" });
  const [kept, lost] = [await first.clientToken(client), await first.clientToken(client)];
  await followed(primary, standby);
  await standby.query("ALTER SYSTEM SET primary_conninfo = ''");
  await standby.query("SELECT pg_reload_conf()");
  await until("the standby follows no more", async () => {
    return (await primary.query("SELECT 1 FROM pg_stat_replication")).length === 0;
  });
  assert.equal((await first.form("/oauth2/revoke", { token: lost }, client)).status, 200);
  assert.equal(await second.isActive(lost), false);
  assert.equal(await second.isActive(kept), true);

  const began = performance.now();
  await failOver({ primary, standby, address });
  const active = new Set<string>();
  await until("a new epoch has begun and both nodes are ready", async () => {
    const tokens = [kept, lost];
    const judged = await Promise.all(
      nodes.each.map((node) => Promise.all(tokens.map((token) => verdict(node, token)))),
    );
    for (const [node, verdicts] of judged.entries()) if (verdicts[1] === "active") active.add(`node ${node}`);
    return judged.every(([of]) => of === "inactive");
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  t.diagnostic(
    `everything of before has ended ${seconds} s after the loss; accepted meanwhile: ${[...active].join(", ") || "nowhere"}`,
  );
  for (const node of nodes.each) assert.equal(await node.isActive(lost), false);
  assert.equal(await first.isActive(await second.clientToken(client)), true, "and everything goes on");
  const counted = await Promise.all(nodes.each.map((node) => node.ask("GET", "/metrics")));
  const epochs = counted.map(({ text }) =>
    Number(/rescind_restores_total\{[^}]*\} (\d+)/.exec(text)?.[1] ?? 0),
  );
  assert.equal(
    epochs.reduce((sum, count) => sum + count, 0),
    1,
    "one epoch, begun by one node",
  );
});

async function verdict(node: ServerProcess, token: string): Promise<"active" | "inactive" | "unavailable"> {
  const { status, json } = await node.form("/oauth2/introspect", { token }, node.adminClient);
  if (status === 503) return "unavailable";
  assert.equal(status, 200);
  return json.active === true ? "active" : "inactive";
}
