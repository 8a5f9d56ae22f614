// `rescind migrate`: the log goes on at another database, and verifiers do not notice; killed at any point, it goes on.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type NewAccessToken, openStore } from "@rescind/store";
import { ServerProcess, startServerProcess } from "../faults/server-process.ts";
import { startVerifier, untilVerdict, verdict } from "../faults/verifier-world.ts";
import { prepareWorld } from "../fleet/world.ts";
import { freePort } from "../free-port.ts";
import { type Cluster, startCluster } from "../postgres.ts";
import { until } from "../until.ts";
import { startVerb, stop, verb, verbEnding } from "./world.ts";

let cluster: Cluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster.stop());

test("D1 A5 a verifier accepts and refuses across a move to PostgreSQL and back, without loading anew", async (t) => {
  const port = await freePort();
  const first = new ServerProcess({ flags: ["--log-level", "warn"] }, port);
  t.after(() => first.close());
  await first.start();
  const world = await prepareWorld(first, first.issuer);
  const verifier = await startVerifier(t, world, { maxStaleness: 60, startTimeout: 60 });
  const live = await first.openGrant(world.app, "usr_live");
  const dead = await first.openGrant(world.app, "usr_dead");
  assert.equal((await first.form("/oauth2/revoke", { token: dead.access_token }, world.app)).status, 200);
  await untilVerdict(verifier, dead.access_token, "revoked");
  const { data } = first;
  const from = `sqlite:${join(data, "rescind.db")}`;
  const to = await cluster.freshDatabase();
  const running = await verbEnding(["migrate", "--from", from, "--to", to], { data });
  assert.match(running.stderr, /is in use: stop the server/);
  await stop(first);
  const moved = await verb(["migrate", "--from", from, "--to", to], { data });
  assert.equal(JSON.stringify(moved).includes("@"), false, "no credentials are shown");
  assert.equal(
    await verdict(verifier, live.access_token),
    "accepted",
    "within its bound it goes on by itself",
  );

  await assert.rejects(first.start(), /was moved to postgres:\/\//, "the old one is not served by mistake");
  const masterKey = readFileSync(join(data, "master.key"), "utf8").trim();
  const settings = {
    data,
    flags: ["--log-level", "warn", "--database", to],
    env: { RESCIND_MASTER_KEY: masterKey },
  };
  const second = new ServerProcess(settings, port);
  t.after(() => second.close());
  await second.start();
  await untilVerdict(verifier, live.access_token, "accepted");
  assert.equal(await verdict(verifier, dead.access_token), "revoked");
  assert.equal(await second.isActive(live.access_token), true);
  assert.equal(await second.isActive(dead.access_token), false);
  assert.equal((await second.form("/oauth2/revoke", { token: live.access_token }, world.app)).status, 200);
  await untilVerdict(verifier, live.access_token, "revoked");
  const later = await second.openGrant(world.app, "usr_later");
  await untilVerdict(verifier, later.access_token, "accepted");
  assert.doesNotMatch(
    (await second.ask("GET", "/metrics")).text,
    /route="\/revocations\/snapshot"/,
    "no resync",
  );
  assert.doesNotMatch(second.output, /came back/);

  const busy = await verbEnding(["migrate", "--from", to, "--to", `${from}.back`], { data });
  assert.match(busy.stderr, /1 server runs on postgres:\/\/[^@]+: stop them first/);
  await stop(second);
  await verb(["migrate", "--from", to, "--to", `${from}.back`], { data });
  await assert.rejects(second.start(), /was moved to sqlite:/);
  const third = new ServerProcess(
    {
      data,
      flags: ["--log-level", "warn", "--database", `${from}.back`],
      env: { RESCIND_MASTER_KEY: masterKey },
    },
    port,
  );
  t.after(() => third.close());
  await third.start();
  assert.equal(await third.isActive(live.access_token), false);
  assert.equal(await third.isActive(later.access_token), true);
  await untilVerdict(verifier, later.access_token, "accepted");
  assert.doesNotMatch(
    (await third.ask("GET", "/metrics")).text,
    /route="\/revocations\/snapshot"/,
    "no resync",
  );
  await stop(third);

  const undone = await verb(["migrate", "--undo", "--from", from, "--yes"], { data });
  assert.equal(undone.was_done, true);
  await first.start();
  assert.match(first.output, /came back from a backup/);
  assert.equal(
    await first.isActive(later.access_token),
    false,
    "what the others did is not here: everything ended",
  );
});

test("killed at any point a move goes on where it was, and the old database is not served meanwhile", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const { data } = server;
  const client = await server.registerClient();
  const { refresh_token } = await server.openGrant(client, "usr_1");
  await stop(server);
  const from = `sqlite:${join(data, "rescind.db")}`;
  await fill(from, 16_000);
  const name = `moved_${randomUUID().replaceAll("-", "")}`;
  await cluster.query(`CREATE DATABASE ${name}`);
  const to = cluster.url(name);
  const arrived = async (): Promise<number> => {
    const rows = await cluster.query("SELECT state FROM arriving", name).catch(() => []);
    return Number(JSON.parse(String(rows[0]?.state ?? '{"rows":0}')).rows);
  };
  let least = 0;
  for (let kills = 0; kills < 2; kills++) {
    const move = startVerb(["migrate", "--from", from, "--to", to], { data });
    const hasEnded = move.ended.then(() => true);
    await until(async () => (await arrived()) > least || Promise.race([hasEnded, false]), 60_000);
    move.kill();
    await hasEnded;
    least = await arrived();
    // It was quicker than whoever wanted to kill it: all has arrived.
    if (least === 0) break;
    assert.ok(least < 16_000, `killed with ${least} rows there`);
  }
  await assert.rejects(server.start(), /was moved to/);
  const moved = await verb(["migrate", "--from", from, "--to", to], { data });
  assert.ok(Number(moved.resumed_at) >= least, JSON.stringify(moved));
  const again = await verb(["migrate", "--from", from, "--to", to], { data });
  assert.deepEqual(again.counts, moved.counts, "done is done");
  const masterKey = readFileSync(join(data, "master.key"), "utf8").trim();
  const there = new ServerProcess(
    { data, flags: ["--log-level", "warn", "--database", to], env: { RESCIND_MASTER_KEY: masterKey } },
    Number(new URL(server.issuer).port),
  );
  t.after(() => there.close());
  await there.start();
  const refreshed = await there.form("/oauth2/token", { grant_type: "refresh_token", refresh_token }, client);
  assert.equal(refreshed.status, 200, refreshed.text);
});

test("a move that was not done is undone without a loss, and into a database that is not empty there is none", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const { data } = server;
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_1");
  await stop(server);
  const from = `sqlite:${join(data, "rescind.db")}`;
  await fill(from, 8000);
  const target = join(data, "other.db");
  const source = join(data, "rescind.db");
  copyFileSync(source, `${source}.before`);
  // Again where it was quicker than whoever wanted to kill it.
  for (let tries = 0; tries === 0 || (existsSync(target) && tries < 10); tries++) {
    copyFileSync(`${source}.before`, source);
    for (const name of readdirSync(data)) if (name.startsWith("other.db")) rmSync(join(data, name));
    const move = startVerb(["migrate", "--from", from, "--to", `sqlite:${target}`], { data });
    await until(async () => existsSync(`${target}.arriving`) || existsSync(target), 60_000);
    move.kill();
    await move.ended;
  }
  assert.equal(existsSync(target), false, "nobody takes half of it for a database");
  const undone = await verbEnding(["migrate", "--undo", "--from", from, "--yes", "--json"], { data });
  // Killed before the first row the source may not have been marked yet.
  if (undone.status === 0) assert.equal(JSON.parse(undone.stdout).was_done, false);
  else assert.match(undone.stderr, /was not moved anywhere/);
  await server.start();
  assert.equal(await server.isActive(access_token), true);
  await stop(server);
  const taken = await cluster.freshDatabase();
  const store = await openStore(taken, { issuer: "https://other.example" });
  await store.recordAudit({ action: "test", actor: { kind: "admin", id: "admin" }, atMs: 1, content: {} });
  await store.close();
  const refused = await verbEnding(["migrate", "--from", from, "--to", taken], { data });
  assert.match(refused.stderr, /holds a database already: move to an empty one/);
  await server.start();
  assert.equal(await server.isActive(access_token), true, "and the old one was not marked");
});

/** So many tokens more, as a server would have stored them. */
async function fill(database: string, rows: number): Promise<void> {
  const store = await openStore(database);
  const now = Math.floor(Date.now() / 1000);
  const { position } = await store.head();
  const token = (): NewAccessToken => ({
    digest: Buffer.from(randomUUID()),
    token: {
      id: store.nextId(),
      clientId: "filler",
      subject: "filler",
      grantId: undefined,
      sessionId: undefined,
      keyId: undefined,
      kid: undefined,
      scopes: ["read"],
      audience: [],
      rev: position.seq,
      issuedAt: now,
      expiresAt: now + 900,
      grantIat: undefined,
      authTime: undefined,
      offline: false,
      lineage: [],
      exchanges: 0,
      act: undefined,
      claims: {},
    },
  });
  for (let done = 0; done < rows; done += 2000)
    await Promise.all(Array.from({ length: 2000 }, () => store.issue(token())));
  await store.close();
}
