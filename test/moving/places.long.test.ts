// PostgreSQL that lives elsewhere: a dump in another cluster, and a standby that was promoted, which is no restore where it
// was a synchronous one that has what the server knew. FAULTS rows 9 and 11.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { ServerProcess } from "../faults/server-process.ts";
import { freePort } from "../free-port.ts";
import { type Cluster, postgresBinaries, startCluster } from "../postgres.ts";
import { stop, verb } from "./world.ts";

const masterKey = Buffer.alloc(32, 11).toString("base64url");

for (const synchronous of [true, false])
  test(`FAULTS 11 a promoted ${synchronous ? "synchronous standby lost nothing: tokens live on" : "asynchronous standby may have: everything ends"}`, async (t) => {
    const primary = await startCluster();
    t.after(() => primary.stop());
    const standby = await primary.standby({ synchronous });
    t.after(() => standby.stop());
    const port = await freePort();
    const server = onPostgres(primary.url(), port);
    t.after(() => server.close());
    await server.start();
    const client = await server.registerClient();
    const { access_token } = await server.openGrant(client, "usr_1");
    const revoked = await server.openGrant(client, "usr_2");
    assert.equal((await server.form("/oauth2/revoke", { token: revoked.access_token }, client)).status, 200);
    await stop(server);
    await primary.kill();
    await standby.promote();
    const after = onPostgres(standby.url(), port, server.data);
    t.after(() => after.close());
    await after.start();
    assert.equal(/"cause":"timeline"/.test(after.output), !synchronous, after.output);
    assert.equal(await after.isActive(access_token), synchronous, after.output);
    assert.equal(await after.isActive(revoked.access_token), false);
  });

function onPostgres(database: string, port: number, data?: string): ServerProcess {
  const flags = ["--log-level", "warn", "--database", database];
  return new ServerProcess({ flags, data, env: { RESCIND_MASTER_KEY: masterKey } }, port);
}

test("FAULTS 9 FD-11 a dump in another cluster is another system: everything ends, unless it is said that nothing was lost", async (t) => {
  const [here, there] = [await clusterFor(t), await clusterFor(t)];
  const port = await freePort();
  const server = onPostgres(await here.freshDatabase(), port);
  t.after(() => server.close());
  await server.start();
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_1");
  await stop(server);
  const copies = [await there.freshDatabase(), await there.freshDatabase()];
  for (const copy of copies) dump(here, there, new URL(copy).pathname.slice(1));
  const [ended = "", whole = ""] = copies;

  const restored = onPostgres(ended, port); // a node of its own: what this one knows is not what that one does
  t.after(() => restored.close());
  await restored.start();
  assert.match(restored.output, /"cause":"system"/);
  assert.equal(await restored.isActive(access_token), false);
  await stop(restored);

  await verb(["restore", "--in-place", "--nothing-lost", "--yes"], {
    data: server.data,
    database: whole,
    masterKey,
  });
  const upgraded = onPostgres(whole, port, server.data);
  t.after(() => upgraded.close());
  await upgraded.start();
  assert.doesNotMatch(upgraded.output, /came back/);
  assert.equal(await upgraded.isActive(access_token), true);
});

async function clusterFor(t: { after(end: () => Promise<void>): void }): Promise<Cluster> {
  const cluster = await startCluster();
  t.after(() => cluster.stop());
  return cluster;
}

function dump(from: Cluster, to: Cluster, database: string): void {
  const tool = (name: string) => join(postgresBinaries(), name);
  const at = ({ port, user }: Cluster) => ["-h", "127.0.0.1", "-p", String(port), "-U", user];
  const made = spawnSync(tool("pg_dump"), [...at(from), "-Fc", "test_1"]);
  assert.equal(made.status, 0, String(made.stderr));
  const loaded = spawnSync(tool("pg_restore"), [...at(to), "-d", database], { input: made.stdout });
  assert.equal(loaded.status, 0, String(loaded.stderr));
}
