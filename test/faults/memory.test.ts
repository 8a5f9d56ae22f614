// FAULTS row 28: the process gets no more memory and dies of it at some moment under load. That is no worse than a kill.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./history-checker.ts";
import { memoryOf, setLimit } from "./limits.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { seededRandom, testSeed } from "./random.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

test("FAULTS 28 A4 a process that runs out of memory under load loses nothing it had acknowledged", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const load = new Load(server, await registerLoadClients(server), seededRandom(seed));

  const running = load.run(8);
  await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 10);
  const down = performance.now();
  setLimit(server.pid, `--as=${memoryOf(server.pid).virtual}:`);
  setLimit(server.pid, "--data=1:");
  await until("the process ends for want of memory", () => !server.isRunning, 240_000); // however slow the machine
  const { code, signal } = await server.ended;
  t.diagnostic(`it ended with ${signal ?? code}`);
  assert.notEqual(code, 0);
  await running;

  server.disconnect();
  await server.start();
  load.history.push({ op: "outage", sent: down, returned: performance.now() });
  await load.repeatLostRefreshes();
  await load.checkTokens("all");
  await load.readAudit();
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
});
