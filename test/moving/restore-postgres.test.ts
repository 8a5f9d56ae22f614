// Backups and restores of PostgreSQL by our own verbs, a restore that is killed, and a backup of one engine in the other.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openStore } from "@rescind/store";
import { ServerProcess } from "../faults/server-process.ts";
import { freePort } from "../free-port.ts";
import { type Cluster, startCluster } from "../postgres.ts";
import { until } from "../until.ts";
import { startVerb, stop, verb, verbEnding } from "./world.ts";

const masterKey = Buffer.alloc(32, 9).toString("base64url");
let cluster: Cluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster.stop());

test("FD-11 A5 a backup of PostgreSQL beside a server, restored over it, and into an SQLite file", async (t) => {
  const database = await cluster.freshDatabase();
  const server = onPostgres(database, await freePort());
  t.after(() => server.close());
  await server.start();
  const settings = { data: server.data, database, masterKey };
  const client = await server.registerClient();
  const kept = await server.openGrant(client, "usr_kept");
  const file = join(server.data, "one.backup");
  const { masterKey: _, ...withoutKey } = settings;
  const ending = await verbEnding(["backup", "--to", file, "--json"], withoutKey);
  assert.deepEqual([ending.status, ending.stderr], [0, ""], "it needs no key, and warns of nothing");
  assert.equal(JSON.parse(ending.stdout).engine, "postgres");
  const late = await server.openGrant(client, "usr_late");
  assert.equal((await server.form("/oauth2/revoke", { token: late.access_token }, client)).status, 200);
  const running = await verbEnding(["restore", "--from", file, "--yes"], settings);
  assert.match(running.stderr, /1 server runs on postgres:/);
  await stop(server);
  const restored = await verb(["restore", "--from", file, "--yes"], settings);
  assert.ok(Number(restored.epoch_seq) > 2 ** 40);
  await server.start();
  for (const { access_token } of [kept, late]) assert.equal(await server.isActive(access_token), false);
  await server.admin("GET", "/admin/v1/settings"); // its own token has ended too
  const { access_token } = await server.openGrant(client, "usr_after");
  assert.equal(await server.isActive(access_token), true);
  assert.equal((await server.admin("GET", "/admin/v1/audit/verify")).json.broken_at, undefined);
  await stop(server);

  const data = mkdtempSync(join(tmpdir(), "rescind-moving-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const elsewhere = await verb(["restore", "--from", file, "--yes"], { data, masterKey });
  assert.ok(Number(elsewhere.epoch_seq) > 2 ** 40);
  const embedded = new ServerProcess(
    { data, flags: ["--log-level", "warn"], env: { RESCIND_MASTER_KEY: masterKey } },
    Number(new URL(server.issuer).port),
  );
  t.after(() => embedded.close());
  await embedded.start();
  assert.equal(await embedded.isActive(kept.access_token), false);
  const again = await embedded.clientToken(client);
  assert.equal(await embedded.isActive(again), true, "clients and their secrets are there");
});

test("a restore that is killed leaves the database of before or one that goes on by itself", async (t) => {
  const server = new ServerProcess(
    { flags: ["--log-level", "warn"], env: { RESCIND_MASTER_KEY: masterKey } },
    await freePort(),
  );
  t.after(() => server.close());
  await server.start();
  const { data } = server;
  const client = await server.registerClient();
  const before = await server.openGrant(client, "usr_before");
  const file = join(data, "one.backup");
  await verb(["backup", "--to", file], { data, masterKey });
  const late = await server.openGrant(client, "usr_late");
  assert.equal((await server.form("/oauth2/revoke", { token: late.access_token }, client)).status, 200);
  await stop(server);
  // As soon as the new file is there beside the old one, and again as soon as it has taken its place.
  const points = [
    () => existsSync(join(data, "rescind.db.restoring")),
    () => readdirSync(data).some((name) => name.startsWith("rescind.db.before-")),
  ];
  for (const isReached of points) {
    const running = startVerb(["restore", "--from", file, "--yes"], { data, masterKey });
    await until(async () => isReached(), 60_000);
    running.kill();
    await running.ended;
    await server.start();
    assert.equal(await server.isActive(late.access_token), false, "revoked, or ended by the restore");
    if (/came back from a backup/.test(server.output))
      assert.equal(await server.isActive(before.access_token), false);
    else assert.equal(await server.isActive(before.access_token), true);
    await stop(server);
  }
  await verb(["restore", "--from", file, "--yes"], { data, masterKey });
  await server.start();
  assert.equal(await server.isActive(before.access_token), false);
});

test("without the master key the next start of the server begins the epoch", async (t) => {
  const database = await cluster.freshDatabase();
  const server = onPostgres(database, await freePort());
  t.after(() => server.close());
  await server.start();
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_1");
  const file = join(server.data, "one.backup");
  await verb(["backup", "--to", file], { data: server.data, database, masterKey });
  await stop(server);
  const empty = await cluster.freshDatabase();
  const store = await openStore(empty);
  await store.close();
  const data = mkdtempSync(join(tmpdir(), "rescind-moving-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  copyFileSync(file, join(data, "copy.backup"));
  const elsewhere = ["restore", "--from", join(data, "copy.backup"), "--yes"];
  const told = await verbEnding([...elsewhere, "--json"], {
    data,
    database: `sqlite:${join(data, "new.db")}`,
  });
  assert.equal(told.status, 0, told.stderr);
  assert.equal(JSON.parse(told.stdout).epoch_seq, undefined);
  const there = new ServerProcess(
    {
      data,
      flags: ["--log-level", "warn", "--database", `sqlite:${join(data, "new.db")}`],
      env: { RESCIND_MASTER_KEY: masterKey },
    },
    Number(new URL(server.issuer).port),
  );
  t.after(() => there.close());
  await there.start();
  assert.match(there.output, /came back from a backup/);
  assert.equal(await there.isActive(access_token), false);
});

function onPostgres(database: string, port: number): ServerProcess {
  const flags = ["--log-level", "warn", "--database", database];
  return new ServerProcess({ flags, env: { RESCIND_MASTER_KEY: masterKey } }, port);
}
