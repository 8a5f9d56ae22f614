// The copy behind Sentinel: the server asks who is master, and asks again when the master is lost. FAULTS 14.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { freePort } from "../free-port.ts";
import { startTestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { claimsOf, nearlineReader } from "./reader.ts";
import { startRedis } from "./redis.ts";

test("FAULTS 14: the master behind Sentinel is lost, the replica goes on, and what was revoked stays so", async (t) => {
  const master = await startRedis();
  t.after(() => master.close());
  const replica = await startRedis(["--replicaof", "127.0.0.1", String(master.port)]);
  t.after(() => replica.close());
  const port = await startSentinel(t, master.port);
  const sentinel = new Redis({ port, retryStrategy: () => 20 });
  sentinel.on("error", () => undefined); // until it listens
  t.after(() => sentinel.disconnect());
  await until(async () =>
    String(await sentinel.call("SENTINEL", "REPLICAS", "mymaster")).includes(String(replica.port)),
  );
  await until(async () => /master_link_status:up/.test(await replica.ask.info("replication")));

  const server = await startTestServer(["--cache", `redis+sentinel://127.0.0.1:${port}/mymaster`]);
  t.after(() => server.close());
  await until(async () => (await master.ask.exists("rescind:lease")) === 1);
  const client = await server.registerClient();
  const revoked: string[] = [];
  const revoke = async (): Promise<void> => {
    const token = await server.clientToken(client);
    await server.form("/oauth2/revoke", { token }, client);
    revoked.push(token);
  };
  await revoke();
  const atMaster = await nearlineReader(server, master.ask);
  await until(async () => (await atMaster(claimsOf(String(revoked[0])))) === "revoked");

  await master.kill();
  await revoke();
  const answeredAt = performance.now();
  const atReplica = await nearlineReader(server, replica.ask);
  await until(async () => {
    const asked = performance.now();
    const said = await atReplica(claimsOf(String(revoked[1])));
    assert.ok(said !== "live" || asked - answeredAt < 5000);
    return said === "revoked";
  }, 60_000);
  await revoke();
  for (const token of revoked) await until(async () => (await atReplica(claimsOf(token))) === "revoked");
});

/** Watches the master of the name `mymaster`; one Sentinel suffices to decide. */
async function startSentinel(t: TestContext, masterPort: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "rescind-sentinel-"));
  const port = await freePort();
  const settings = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor mymaster 127.0.0.1 ${masterPort} 1`,
    "sentinel down-after-milliseconds mymaster 1000",
    "sentinel failover-timeout mymaster 5000",
  ];
  writeFileSync(join(folder, "sentinel.conf"), `${settings.join("\n")}\n`);
  const child: ChildProcess = spawn("redis-server", [join(folder, "sentinel.conf"), "--sentinel"], {
    stdio: "ignore",
  });
  t.after(async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  return port;
}
