// FAULTS rows 18 and 19 with real processes: the verifier or the server is stopped (SIGSTOP) and goes on later.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { prepareWorld, revoke, type World } from "../fleet/world.ts";
import { startVerifierProcess } from "../verifier-process.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";
import { startVerifier, untilVerdict, verdict, Watch } from "./verifier-world.ts";

/** Seconds. */
const bound = 2;

async function startWorld(t: TestContext): Promise<World> {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  return prepareWorld(server);
}

test("FAULTS 18 A2 A5 a verifier that was stopped for longer than the bound refuses first and catches up then", async (t) => {
  const world = await startWorld(t);
  const verifier = await startVerifierProcess({
    ...world.options,
    ...{ maxStaleness: bound, leaseInterval: 0.5, onStale: "reject" },
  });
  t.after(() => verifier.close());
  const good = await world.token();
  for (let round = 0; round < 3; round++) {
    const revoked = await world.token();
    await until("it accepts", async () => (await verifier.verdict(revoked)) === "accepted");
    verifier.pause();
    await revoke(world, revoked);
    await pause(bound * 1000 + 100); // the pause itself
    const first = verifier.verdict(revoked);
    verifier.resume();
    assert.notEqual(await first, "accepted");
    await until("it has caught up", async () => (await verifier.verdict(good)) === "accepted");
    await until("it says so of what was revoked", async () => {
      const said = await verifier.verdict(revoked);
      assert.notEqual(said, "accepted");
      return said === "revoked";
    });
  }
});

test("FAULTS 19 A2 E4 a server that stops for a moment is not felt", async (t) => {
  const world = await startWorld(t);
  const verifier = await startVerifier(t, world, { maxStaleness: 15, leaseInterval: 0.5 });
  const kept = new Watch(verifier, await world.token());
  for (let round = 0; round < 3; round++) {
    world.server.signal("SIGSTOP");
    await pause(300); // the pause itself
    const revoked = await stopped(world, () => world.server.signal("SIGCONT"));
    await untilVerdict(verifier, revoked, "revoked");
  }
  await kept.end();
  assert.deepEqual([...kept.verdicts.keys()], ["accepted"]);
});

/** A token is ordered from a server that stands still; revoked once it goes on. */
async function stopped(world: World, goOn: () => void): Promise<string> {
  const asked = world.token();
  goOn();
  const token = await asked;
  await revoke(world, token);
  return token;
}

test("FAULTS 19 A2 D4 a server that stands still for longer than the bound makes stale, and all is well when it goes on", async (t) => {
  const world = await startWorld(t);
  const verifier = await startVerifier(t, world, { maxStaleness: bound, leaseInterval: 0.5 });
  const [good, revoked] = [await world.token(), await world.token()];
  await untilVerdict(verifier, good, "accepted");
  const late = new Watch(verifier, revoked);
  world.server.signal("SIGSTOP");
  const answered = revoke(world, revoked);
  await untilVerdict(verifier, good, "stale");
  assert.notEqual(await verdict(verifier, revoked), "accepted");
  world.server.signal("SIGCONT");
  await answered;
  await untilVerdict(verifier, good, "accepted");
  await untilVerdict(verifier, revoked, "revoked");
  await late.end();
});
