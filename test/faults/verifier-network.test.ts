// FAULTS row 16 and the outages of E4, with real processes: the network between verifier and server is cut or falls
// silent, the server dies and comes back. No revoked token is accepted later than the bound (A2), no good one refused
// while an outage is shorter than the bound minus three leases (E4).

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { prepareWorld, revoke } from "../fleet/world.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";
import { startBehindProxy, startVerifier, untilVerdict, verdict, Watch } from "./verifier-world.ts";

/** Seconds. */
const bound = 6;
/** Seconds. The outage that must not be felt is far shorter than this minus three leases: others use this machine too. */
const longBound = 30;
const leaseInterval = 0.5;
const shortOutageMs = 1500;
/** What FAULTS A2 allows beyond the bound for clocks that run apart, in milliseconds, and a check that had begun. */
const rateError = bound * 0.5 + 50;

test("FD-01 FAULTS 16 A2 E4 a short cut is not felt, a long one ends in refusal within the bound", async (t) => {
  const { world, proxy } = await startBehindProxy(t);
  const verifier = await startVerifier(t, world, { maxStaleness: bound, leaseInterval });
  const patient = await startVerifier(t, world, { maxStaleness: longBound, leaseInterval });
  const [good, revoked] = [await world.token(), await world.token()];
  for (const one of [verifier, patient]) await untilVerdict(one, revoked, "accepted");

  const short = new Watch(patient, good);
  proxy.cut();
  await pause(shortOutageMs); // the outage itself
  proxy.open();
  for (const one of [verifier, patient])
    await until("it is connected again", () => (one.status().leaseAgeMs ?? bound * 1000) < shortOutageMs);
  await short.end();
  assert.deepEqual([...short.verdicts.keys()], ["accepted"]);

  proxy.cut();
  const [kept, late] = [new Watch(verifier, good), new Watch(verifier, revoked)];
  await revoke(world, revoked);
  const acknowledged = performance.now();
  await untilVerdict(verifier, good, "stale");
  assert.equal(await verdict(verifier, revoked), "stale");
  proxy.open();
  await untilVerdict(verifier, good, "accepted");
  await untilVerdict(verifier, revoked, "revoked");
  await Promise.all([kept.end(), late.end()]);
  assert.deepEqual([...kept.verdicts.keys()].sort(), ["accepted", "stale"]);
  const accepted = late.acceptedAt - acknowledged;
  t.diagnostic(
    `cut off, accepted until ${accepted.toFixed(0)} ms after the answer (the bound: ${bound * 1000})`,
  );
  assert.ok(accepted <= bound * 1000 + rateError);
});

test("FD-01 FAULTS 16 A2 a connection that is dead without a word is noticed and replaced", async (t) => {
  const { world, proxy } = await startBehindProxy(t);
  const verifier = await startVerifier(t, world, { maxStaleness: bound, leaseInterval });
  const [good, revoked] = [await world.token(), await world.token()];
  await untilVerdict(verifier, revoked, "accepted");
  const kept = new Watch(verifier, good);
  // The stream and every kept connection stay open and silent; new ones work.
  proxy.silence();
  proxy.open();
  const late = new Watch(verifier, revoked);
  await revoke(world, revoked);
  const acknowledged = performance.now();
  await untilVerdict(verifier, revoked, "revoked");
  const heard = performance.now() - acknowledged;
  await untilVerdict(verifier, good, "accepted");
  await Promise.all([kept.end(), late.end()]);
  t.diagnostic(`with a half-open stream, refused as revoked after ${heard.toFixed(0)} ms`);
  assert.ok(late.acceptedAt - acknowledged <= bound * 1000 + rateError);
});

test("FD-01 FAULTS 16 A2 D4 a network that swallows everything makes it stale within the bound, and heals by itself", async (t) => {
  const { world, proxy } = await startBehindProxy(t);
  const verifier = await startVerifier(t, world, { maxStaleness: 3, leaseInterval });
  const [good, revoked] = [await world.token(), await world.token()];
  await untilVerdict(verifier, revoked, "accepted");
  proxy.silence();
  const late = new Watch(verifier, revoked);
  await revoke(world, revoked);
  const acknowledged = performance.now();
  await untilVerdict(verifier, good, "stale");
  proxy.open();
  await untilVerdict(verifier, good, "accepted");
  await untilVerdict(verifier, revoked, "revoked");
  await late.end();
  assert.ok(late.acceptedAt - acknowledged <= 3000 + rateError);
});

test("E4 A5 A6 D4 a server that dies again and again is not felt, and forgets nothing", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server);
  const verifier = await startVerifier(t, world, { maxStaleness: 60 });
  const good = await world.token();
  const kept = new Watch(verifier, good);
  const gone: Watch[] = [];
  for (let round = 0; round < 3; round++) {
    const token = await world.token();
    await untilVerdict(verifier, token, "accepted");
    await revoke(world, token);
    await untilVerdict(verifier, token, "revoked");
    gone.push(new Watch(verifier, token));
    await server.kill();
    await server.start();
    await until(
      "the verifier has a lease of the new process",
      () => (verifier.status().leaseAgeMs ?? 60_000) < 1000,
    );
  }
  await Promise.all([kept.end(), ...gone.map((watch) => watch.end())]);
  assert.deepEqual([...kept.verdicts.keys()], ["accepted"]);
  for (const watch of gone) assert.deepEqual([...watch.verdicts.keys()], ["revoked"]);
});
