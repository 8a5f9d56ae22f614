// A large fleet measured: from the answer of a revocation to the first refusal at every verifier, without other work,
// beside many other revocations, and beside verifiers that stand still. What is promised is asserted; times are told.

import assert from "node:assert/strict";
import { startServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { type Host, startHost } from "./host.ts";
import { processorSeconds, residentMiB } from "./process-figures.ts";
import {
  assertKept,
  assertRefused,
  prepareWorld,
  quantiles,
  revokeSteadily,
  timesToRefusal,
  type World,
} from "./world.ts";

export interface FleetSize {
  /** Verifiers that are measured, in two processes. */
  readonly verifiers: number;
  /** Revocations that are measured in each part. */
  readonly rounds: number;
  /** Other revocations a second in the second part. */
  readonly perSecond: number;
  /**
   * Seconds between a verifier's leases; its bound is three times that. All verifiers of a fleet share this host's cores
   * with the server: a thousand that ask every second would be most of what is measured.
   */
  readonly leaseInterval: number;
}

export interface FleetFigures {
  readonly part: string;
  readonly times: string;
  /** Over this part: seconds of processor time of the server and of the verifiers, and of the clock. */
  readonly processor: string;
  readonly memory: string;
}

/** Verifiers in a third process, which is stopped. */
const stoppedVerifiers = 10;

/** Starts server and verifiers, measures and ends them; calls back after each part. */
export async function measureFleet(size: FleetSize, tell: (figures: FleetFigures) => void): Promise<void> {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  const hosts: Host[] = [];
  try {
    const world = await prepareWorld(server);
    const { leaseInterval } = size;
    const options = { ...world.options, startTimeout: 300, leaseInterval, maxStaleness: 3 * leaseInterval };
    hosts.push(await startHost(stoppedVerifiers, options));
    const half = Math.ceil(size.verifiers / 2);
    hosts.push(...(await Promise.all([startHost(half, options), startHost(size.verifiers - half, options)])));
    const [stopped, ...measured] = hosts;
    assert.ok(stopped !== undefined);
    const good = await world.token();
    for (const host of hosts) host.keepAsking(good);
    const revoked: string[] = [];
    const part = async (name: string, work: () => Promise<Rounds>): Promise<void> => {
      const [began, worked, hostsWorked] = [
        performance.now(),
        processorSeconds(server),
        await workOf(measured),
      ];
      const { tokens, times } = await work();
      revoked.push(...tokens);
      const seconds = (performance.now() - began) / 1000;
      const [own, theirs] = [processorSeconds(server) - worked, (await workOf(measured)) - hostsWorked];
      const busy = `${own.toFixed(1)} s and ${theirs.toFixed(1)} s of ${seconds.toFixed(1)} s`;
      tell({ part: name, times, processor: busy, memory: `${residentMiB(server)} MiB` });
      await assertKept(measured);
    };
    const alone = () => rounds(world, measured, size);
    await part("no other work", alone);
    await part(`${size.perSecond} other revocations a second`, async () => {
      const over = new AbortController();
      const others = revokeSteadily(server, size.perSecond, over.signal);
      const { times, tokens } = await alone().finally(() => over.abort());
      return { tokens, times: `${times} (${await others} others)` };
    });
    stopped.signal("SIGSTOP");
    await part(`${stoppedVerifiers} more stand still`, alone);
    stopped.signal("SIGCONT");
    await until("those that stood still have caught up", async () => {
      return (await stopped.report()).freshness.fresh === stoppedVerifiers;
    });
    for (const host of hosts)
      for (const verdicts of await host.check(revoked)) assertRefused(verdicts, host.count);
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
    await server.close();
  }
}

/** Seconds of processor time of the processes with verifiers. */
async function workOf(hosts: readonly Host[]): Promise<number> {
  const reports = await Promise.all(hosts.map((host) => host.report()));
  return reports.reduce((sum, { processorTime }) => sum + processorTime, 0);
}

interface Rounds {
  /** The quantiles of all times together. */
  readonly times: string;
  /** What was revoked. */
  readonly tokens: readonly string[];
}

async function rounds(world: World, hosts: readonly Host[], size: FleetSize): Promise<Rounds> {
  const times: number[] = [];
  const tokens: string[] = [];
  for (let number = 0; number < size.rounds; number++) {
    const round = await timesToRefusal(world, hosts, 3 * size.leaseInterval);
    times.push(...round.times);
    tokens.push(round.token);
  }
  return { times: quantiles(times), tokens };
}
