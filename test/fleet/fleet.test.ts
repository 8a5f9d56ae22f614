// Many verifiers in other processes: a revocation is in force at every one of them a moment after its answer, whatever
// some of them do. Figures are printed; what is asserted about time is the promise, in seconds.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { type Host, startHost } from "./host.ts";
import {
  assertKept,
  assertRefused,
  prepareWorld,
  quantiles,
  revokeSteadily,
  timesToRefusal,
  type World,
} from "./world.ts";

/** Seconds: the verifiers' own; long enough that none is stale because this machine stood still. */
const bound = 30;
let world: World;
let hosts: Host[];
const revoked: string[] = [];

before(async () => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  world = await prepareWorld(server);
  const options = { ...world.options, maxStaleness: bound };
  hosts = await Promise.all([startHost(25, options), startHost(25, options)]);
  const good = await world.token();
  for (const host of hosts) host.keepAsking(good);
});
after(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await world.server.close();
});

test("A2 A3 A6 every one of 50 verifiers refuses a revoked token, and none a good one", async (t) => {
  const times = await round(10, hosts);
  t.diagnostic(`from the answer to the first refusal, 10 tokens at 50 verifiers: ${quantiles(times)}`);
});

test("A2 A3 A6 the same while 50 others are revoked a second", async (t) => {
  const over = new AbortController();
  const load = revokeSteadily(world.server, 50, over.signal);
  const times = await round(10, hosts).finally(() => over.abort());
  t.diagnostic(`beside ${await load} other revocations: ${quantiles(times)}`);
});

test("FAULTS 18 a stopped process of verifiers changes nothing for the others; once it goes on it refuses", async (t) => {
  const [running, stopped] = hosts;
  assert.ok(running !== undefined && stopped !== undefined);
  stopped.signal("SIGSTOP");
  t.after(() => stopped.signal("SIGCONT"));
  const times = await round(10, [running]);
  t.diagnostic(`beside 25 stopped ones: ${quantiles(times)}`);
  stopped.signal("SIGCONT");
  await until("those that were stopped have caught up", async () => {
    const { freshness } = await stopped.report();
    return freshness.fresh === stopped.count;
  });
});

test("A5 what was revoked stays refused at every one", async () => {
  for (const host of hosts)
    for (const verdicts of await host.check(revoked)) assertRefused(verdicts, host.count);
});

async function round(tokens: number, at: readonly Host[]): Promise<number[]> {
  const all: number[] = [];
  for (let number = 0; number < tokens; number++) {
    const { token, times } = await timesToRefusal(world, at, bound);
    revoked.push(token);
    all.push(...times);
  }
  assert.ok((await assertKept(at)) > 0);
  return all;
}
