// FAULTS rows 1, 2 and 28: the process is killed at any moment under load and started again. Whatever it had
// acknowledged holds. The kernel keeps what was written, so this shows nothing about power loss (row 3).
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { violations } from "./history.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { seededRandom, testSeed } from "./random.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const kills = process.env.RESCIND_TEST_LONG === "1" ? 100 : 8;
const workers = 8;
/** Acknowledged requests of each kind before a kill. */
const enough = 15;

test(`FAULTS 1 2 RV-11 RT-05 ${kills} kills under load lose no acknowledged revocation and no acknowledged token`, async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const random = seededRandom(seed);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const load = new Load(server, await registerLoadClients(server), random);
  let lost = 0;

  for (let kill = 0; kill < kills; kill++) {
    const running = load.run(workers);
    await Promise.race([
      until("requests of each kind are acknowledged", () => load.leastAcknowledged >= enough),
      running,
    ]);
    await pause(random.below(51)); // the fault's own moment, not a wait for anything
    const down = performance.now();
    await server.kill();
    await running;
    await server.start();
    load.history.push({ op: "outage", sent: down, returned: performance.now() });
    lost += load.lostRefreshes;
    await load.repeatLostRefreshes();
    await load.checkTokens("round");
  }
  await load.checkTokens("all");
  await load.readAudit();

  const counts = Object.groupBy(load.history, ({ op }) => op);
  const told = Object.entries(counts).map(([op, records]) => `${records?.length} ${op}`);
  t.diagnostic(`${told.join(", ")}; ${lost} refreshes lost their answer`);
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
});
