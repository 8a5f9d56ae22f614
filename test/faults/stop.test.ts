// Stopping by SIGTERM: what is in flight is finished, the exit status is 0, and nothing acknowledged is lost.
// CONTRACT.md section 2; FAULTS row 26 for one node.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { lockDatabase } from "./database-lock.ts";
import { violations } from "./history-checker.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { seededRandom, testSeed } from "./random.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

/** Milliseconds. */
const stopWithin = 10_000;

test("FAULTS 26 SIGTERM lets requests in flight finish and exits with 0, connections kept alive or not", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const tokens = await Promise.all(Array.from({ length: 8 }, () => server.clientToken(client)));

  // Held up by the lock, they are surely in flight when the signal comes.
  const lock = await lockDatabase(join(server.data, "rescind.db"));
  const revocations = tokens.map((token) => server.form("/oauth2/revoke", { token }, client));
  // The event loop answers these after it has read the earlier ones.
  for (let i = 0; i < 5; i++) await server.ask("GET", "/healthz");
  server.signal("SIGTERM");
  await until("the server stops listening", async () => !(await accepts(server.issuer)));
  await lock.release();

  for (const answer of await Promise.all(revocations)) assert.equal(answer.status, 200);
  await until("the process ends", () => !server.isRunning, stopWithin);
  assert.deepEqual(await server.ended, { code: 0, signal: null });

  server.disconnect();
  await server.start();
  for (const token of tokens) assert.equal(await server.isActive(token), false);
});

test("FAULTS 26 restarts by SIGTERM under load exit with 0 and lose nothing that was acknowledged", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const load = new Load(server, await registerLoadClients(server), seededRandom(seed));
  for (let restart = 0; restart < 3; restart++) {
    const running = load.run(8);
    await Promise.race([
      until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 10),
      running,
    ]);
    const down = performance.now();
    server.signal("SIGTERM");
    await until("the process ends", () => !server.isRunning, stopWithin);
    assert.deepEqual(await server.ended, { code: 0, signal: null });
    await running;
    server.disconnect();
    await server.start();
    load.history.push({ op: "outage", sent: down, returned: performance.now() });
    await load.repeatLostRefreshes();
    await load.checkTokens("all");
  }
  await load.readAudit();
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
});

async function accepts(issuer: string): Promise<boolean> {
  try {
    await fetch(`${issuer}/healthz`, { headers: { connection: "close" } });
    return true;
  } catch {
    return false;
  }
}
