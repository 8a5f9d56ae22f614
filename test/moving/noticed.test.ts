// Restores that nobody told of: the whole directory set back, PostgreSQL set back under a server. A dump in another cluster
// and a promoted standby are in places.long.test.ts. DESIGN.md section 1, FD-11, A5.
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { test } from "node:test";
import { ServerProcess, startServerProcess } from "../faults/server-process.ts";
import { startVerifier, untilVerdict } from "../faults/verifier-world.ts";
import { prepareWorld } from "../fleet/world.ts";
import { freePort } from "../free-port.ts";
import { type Cluster, startCluster } from "../postgres.ts";
import { until } from "../until.ts";
import { stop } from "./world.ts";

const masterKey = Buffer.alloc(32, 11).toString("base64url");

test("FAULTS 9 FD-11 the whole directory set back, mark and all: a verifier's signed lease tells it", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server, server.issuer);
  const verifier = await startVerifier(t, world, { maxStaleness: 30, startTimeout: 60 });
  const { access_token } = await server.openGrant(world.app, "usr_1");
  await stop(server);
  cpSync(server.data, `${server.data}.copy`, { recursive: true });
  t.after(() => rmSync(`${server.data}.copy`, { recursive: true, force: true }));
  await server.start();
  // Acknowledged by the verifier, which has a lease of this position then.
  const order = { select: { token: access_token } };
  const waited = { authorization: `Bearer ${await server.adminToken()}`, prefer: "wait=20" };
  const headers = { ...waited, "content-type": "application/json" };
  const ordered = await server.ask("POST", "/admin/v1/revocations", headers, JSON.stringify(order));
  assert.equal(ordered.status, 201, ordered.text);
  await untilVerdict(verifier, access_token, "revoked");
  await until(async () => {
    const { json } = await server.admin("GET", "/admin/v1/verifiers");
    return (json.items as { applied: { seq: number } }[]).some(
      ({ applied }) => applied.seq >= Number(ordered.json.seq),
    ); // the admin contract
  });
  await stop(server);
  rmSync(server.data, { recursive: true });
  cpSync(`${server.data}.copy`, server.data, { recursive: true });
  await server.start();
  await until(async () => /came back from a backup/.test(server.output), 30_000);
  assert.match(server.output, /"cause":"lease"/);
  await until(async () => !(await server.isActive(access_token)));
  await untilVerdict(verifier, access_token, "revoked");
  await server.admin("GET", "/admin/v1/settings"); // its own token has ended too
  const fresh = await server.openGrant(world.app, "usr_2");
  await untilVerdict(verifier, fresh.access_token, "accepted");
});

test("FAULTS 9 FD-11 PostgreSQL set back under a server: nothing is judged by the log that is left, until an epoch has begun", async (t) => {
  const cluster = await clusterFor(t);
  const database = await cluster.freshDatabase();
  const server = onPostgres(database, await freePort());
  t.after(() => server.close());
  await server.start();
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_1");
  const name = new URL(database).pathname.slice(1);
  await cluster.query(
    "CREATE TABLE head_then AS SELECT * FROM feed_head; CREATE TABLE audit_then AS SELECT max(number) AS number FROM audit",
    name,
  );
  assert.equal((await server.form("/oauth2/revoke", { token: access_token }, client)).status, 200);
  assert.equal(await server.isActive(access_token), false);
  await cluster.query(
    `BEGIN; DELETE FROM feed_head; INSERT INTO feed_head SELECT * FROM head_then;
      DELETE FROM entries WHERE seq > (SELECT seq FROM head_then);
      DELETE FROM audit WHERE number > (SELECT number FROM audit_then); COMMIT`,
    name,
  );
  await until(async () => /"cause":"behind"/.test(server.output), 30_000);
  assert.equal(await server.isActive(access_token), false);
  await server.admin("GET", "/admin/v1/settings"); // its own token has ended too
  const fresh = await server.openGrant(client, "usr_2");
  assert.equal(await server.isActive(fresh.access_token), true);
  assert.match((await server.ask("GET", "/metrics")).text, /rescind_restores_total\{cause="behind"\} 1/);
});

async function clusterFor(t: { after(end: () => Promise<void>): void }): Promise<Cluster> {
  const cluster = await startCluster();
  t.after(() => cluster.stop());
  return cluster;
}

function onPostgres(database: string, port: number, data?: string): ServerProcess {
  const flags = ["--log-level", "warn", "--database", database];
  return new ServerProcess({ flags, data, env: { RESCIND_MASTER_KEY: masterKey } }, port);
}
