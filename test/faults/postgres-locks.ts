// FAULTS row 13: somebody holds locks in the database, for long or for good. What needs them is a 503 in bounded time, what
// does not goes on, and revoking has connections of its own: it gets through when everything else is stuck.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { parseId } from "@rescind/core";
import pg from "pg";
import type { NodeProcesses } from "./node-processes.ts";
import type { PostgresWorld } from "./postgres-world.ts";
import { type Answer, type RegisteredClient, requireStatus, type ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

/** Requests that stand still at once: more than there are connections. */
const crowd = 60;
/** Milliseconds in which whatever cannot be done has to be refused. */
const patience = 30_000;

export function testLocks(world: () => PostgresWorld): void {
  let nodes: NodeProcesses;
  let one: ServerProcess;
  let client: RegisteredClient;
  before(async () => {
    nodes = world().nodes;
    one = world().cut;
    client = await nodes.registerClient({ access_token_format: "opaque" });
  });
  const hold = (statement: string): Promise<Holder> => holdIn(world().url, statement);
  const revoke = (node: ServerProcess, token: string): Promise<Answer> =>
    node.form("/oauth2/revoke", { token }, client);
  const issue = (node: ServerProcess): Promise<Answer> =>
    node.form("/oauth2/token", { grant_type: "client_credentials" }, client);

  test("FAULTS 13 A1 a revocation waits for the log's head that is held briefly; nobody else does", async () => {
    const token = await one.clientToken(client);
    const holder = await hold("SELECT 1 FROM feed_head FOR UPDATE");
    const revocation = revoke(one, token);
    await until("the revocation waits", () => holder.isWaitedFor());
    for (const node of nodes.each) {
      assert.equal(await node.isActive(token), true, "it was not answered yet");
      assert.equal((await issue(node)).status, 200);
    }
    await holder.release();
    assert.equal((await revocation).status, 200);
    for (const node of nodes.each) assert.equal(await node.isActive(token), false);
  });

  test("FAULTS 13 A7 RV-01 a head that is held too long is a 503 that changes nothing, and all is well afterwards", async () => {
    const token = await one.clientToken(client);
    const holder = await hold("SELECT 1 FROM feed_head FOR UPDATE");
    const asked = performance.now();
    assertRefused(await revoke(one, token));
    assert.ok(performance.now() - asked < patience, "in bounded time");
    for (const node of nodes.each) assert.equal(await node.isActive(token), true);
    await holder.release();
    assert.equal((await revoke(one, token)).status, 200);
    for (const node of nodes.each) assert.equal(await node.isActive(token), false);
  });

  test("FAULTS 13 A1 B3 a row that is held stops what changes it, and nothing else", async () => {
    const [held, other] = [await one.openGrant(client, "usr_held"), await one.openGrant(client, "usr_other")];
    const holder = await hold(
      `SELECT 1 FROM grants WHERE id = ${parseId("grant", held.grant_id)} FOR UPDATE`,
    );
    const refresh = (refresh_token: string): Promise<Answer> =>
      one.form("/oauth2/token", { grant_type: "refresh_token", refresh_token }, client);
    const stuck = refresh(held.refresh_token);
    const next = requireStatus(await refresh(other.refresh_token), 200).json;
    assert.equal(await one.isActive(String(next.access_token)), true);
    const revoked = await revoke(one, held.refresh_token);
    assert.equal(revoked.status, 200, "an order changes no row of the grant's");
    assert.equal(await nodes.node(1).isActive(held.access_token), false);
    await holder.release();
    const late = await stuck;
    const given = [late.json.access_token, late.json.refresh_token].filter((token) => token !== undefined);
    for (const token of given.map(String))
      assert.equal(await one.isActive(token), false, "B4 nothing of a revoked grant is live");
  });

  test("FAULTS 13 A1 RV-18 when issuing is stuck for everybody, introspection and revocation go on", async () => {
    const token = await one.clientToken(client);
    const other = await one.openGrant(client, "usr_alice");
    const holder = await hold("LOCK TABLE access_tokens IN SHARE ROW EXCLUSIVE MODE");
    const stuck = Array.from({ length: crowd }, () => issue(one));
    await until("issuing waits", () => holder.isWaitedFor());
    for (const revoked of [token, other.refresh_token])
      assert.equal((await revoke(one, revoked)).status, 200);
    for (const revoked of [token, other.access_token, other.refresh_token])
      for (const node of nodes.each) assert.equal(await node.isActive(revoked), false);
    const asked = performance.now();
    const answers = await Promise.all(stuck);
    assert.ok(performance.now() - asked < patience, "in bounded time");
    for (const answer of answers) assertRefused(answer);
    await holder.release();
    assert.equal((await issue(one)).status, 200);
  });

  test("FAULTS 13 A1 RV-18 when lists are stuck for everybody, tokens are issued, judged and revoked", async () => {
    const holder = await hold("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE");
    const stuck = Array.from({ length: crowd }, () => one.admin("GET", "/admin/v1/deliveries"));
    await until("lists wait", () => holder.isWaitedFor());
    const token = String(requireStatus(await issue(one), 200).json.access_token);
    assert.equal(await one.isActive(token), true);
    assert.equal((await revoke(one, token)).status, 200);
    for (const node of nodes.each) assert.equal(await node.isActive(token), false);
    await holder.release();
    for (const { status } of await Promise.all(stuck))
      assert.ok(status === 200 || status === 503, `${status}`);
  });
}

interface Holder {
  /** Whether somebody waits for what it holds. */
  isWaitedFor(): Promise<boolean>;
  release(): Promise<void>;
}

/** Another program that holds locks in a transaction. */
async function holdIn(url: string, statement: string): Promise<Holder> {
  const holder = new pg.Client({ connectionString: url.split("?")[0] });
  holder.on("error", () => undefined); // ended with the cluster where a test failed
  await holder.connect();
  await holder.query(`BEGIN; ${statement}`);
  return {
    async isWaitedFor() {
      const sql =
        "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))";
      return (await holder.query(sql)).rows.length > 0;
    },
    async release() {
      await holder.query("ROLLBACK");
      await holder.end();
    },
  };
}

function assertRefused({ status, headers, text }: Answer): void {
  assert.equal(status, 503, text);
  assert.match(String(headers["retry-after"]), /^[1-9]\d*$/);
}
