// `rescind doctor` on a server's own machine: what is wrong with settings, directory, master key and database is named, with
// the way to mend it.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DatabaseOptions, type Examined, examineHere } from "@rescind/server";
import { startServerProcess } from "../faults/server-process.ts";
import { startVerifier } from "../faults/verifier-world.ts";
import { prepareWorld } from "../fleet/world.ts";
import { startCluster } from "../postgres.ts";
import { until } from "../until.ts";
import { stop, verb, verbEnding } from "./world.ts";

interface Finding {
  readonly check: string;
  readonly result: string;
  readonly detail: string;
  readonly mend?: string;
}

async function examined(
  data: string,
  flags: readonly string[] = [],
): Promise<{ status: number | null; found: Map<string, Finding> }> {
  const { status, stdout } = await verbEnding(["doctor", "--json", ...flags], { data });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }; // the command's own JSON
  return { status, found: new Map(findings.map((finding) => [finding.check, finding])) };
}

test("beside a server that runs everything is in order, and a verifier that went away is named", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server, server.issuer);
  const { status, found } = await examined(server.data);
  for (const { check, result, detail } of found.values()) assert.equal(result, "ok", `${check}: ${detail}`);
  assert.equal(status, 0);
  for (const check of [
    "configuration",
    "directory",
    "disk",
    "database",
    "durability",
    "master key",
    "signing keys",
  ])
    assert.ok(found.has(check), check);
  const verifier = await startVerifier(t, world, { maxStaleness: 1, name: "orders" });
  await verifier.close();
  await until(async () => {
    const { json } = await server.admin("GET", "/admin/v1/verifiers");
    const items = json.items as { name?: string; fresh: boolean }[]; // parsing boundary: the admin contract
    return items.some(({ name, fresh }) => name === "orders" && !fresh);
  }, 60_000);
  const stale = (await examined(server.data)).found.get("verifiers");
  assert.ok(stale !== undefined && stale.result === "warning");
  assert.match(stale.detail, /1 of 1 have no lease in force: orders/);
  assert.ok(stale.mend);
});

test("without a server it says what it can, and each fault with the way to mend it; status 1", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const { data } = server;
  await stop(server);
  const resting = await examined(data);
  assert.deepEqual([resting.status, resting.found.get("server")?.result], [1, "failed"]);
  assert.equal(resting.found.get("database")?.result, "ok");

  chmodSync(join(data, "master.key"), 0o644);
  const open = await finding("directory", { data });
  assert.deepEqual(
    [open.result, /master\.key/.test(open.detail), /chmod/.test(open.mend ?? "")],
    ["failed", true, true],
  );
  chmodSync(join(data, "master.key"), 0o600);

  rmSync(join(data, "master.key"));
  assert.match(
    (await finding("master key", { data })).detail,
    /is missing, and the database is sealed under it/,
  );
  const other = { RESCIND_MASTER_KEY: Buffer.alloc(32, 1).toString("base64url") };
  assert.match(
    (await finding("master key", { data }, other)).detail,
    /does not open what this database holds sealed/,
  );

  const database = "postgres://rescind@127.0.0.1:1/none";
  assert.match((await finding("configuration", { data, database })).detail, /RESCIND_MASTER_KEY must be set/);
  const unreachable = await finding("database", { data, database }, other);
  assert.deepEqual([unreachable.result, unreachable.detail.includes("@")], ["failed", false]);
  const empty = await finding("database", { data: join(data, "nothing") });
  assert.match(empty.detail, /There is no database/);
});

/** What is said of this machine, without a command of its own. */
async function finding(
  check: string,
  options: DatabaseOptions,
  env: Record<string, string> = {},
): Promise<Examined> {
  const found = (await examineHere(options, env)).find((one) => one.check === check);
  return found ?? assert.fail(`nothing is said of ${check}`);
}

test("a PostgreSQL with one machine is a warning, one that was moved away is a failure", async (t) => {
  const cluster = await startCluster({ fsync: true });
  t.after(() => cluster.stop());
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const { data } = server;
  const masterKey = readFileSync(join(data, "master.key"), "utf8").trim();
  await stop(server);
  const to = await cluster.freshDatabase();
  await verb(["migrate", "--from", `sqlite:${join(data, "rescind.db")}`, "--to", to], { data });
  const { stdout } = await verbEnding(["doctor", "--json"], { data, database: to, masterKey });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }; // the command's own JSON
  const durability = findings.find(({ check }) => check === "durability");
  assert.deepEqual(
    [durability?.result, /synchronous_standby_names/.test(durability?.mend ?? "")],
    ["warning", true],
  );
  assert.equal(findings.find(({ check }) => check === "database")?.result, "ok");
  const moved = await finding("database", { data });
  assert.deepEqual([moved.result, /was moved to postgres:/.test(moved.detail)], ["failed", true]);
});
