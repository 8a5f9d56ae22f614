// What goes wrong while a history is made, from one seed: nodes killed and paused, connections cut and silenced, verifiers
// paused, cut off and given other clocks, PostgreSQL crashed. Each is recorded from when it begins until it is mended.

import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../faults/random.ts";
import type { ServerProcess } from "../faults/server-process.ts";
import type { TcpProxy } from "../faults/tcp-proxy.ts";
import type { Node } from "./nodes.ts";
import type { Traffic } from "./traffic.ts";
import type { HistoryVerifier } from "./verifiers.ts";

export interface Fault {
  readonly what: string;
  readonly on: string;
  /** Whether a server could not answer meanwhile: windows count anew afterwards. */
  readonly outage: boolean;
  /** Breaks something, waits, mends it. */
  readonly happen: () => Promise<void>;
}

/** The database of several nodes, where a test can break it. */
export interface BreakableDatabase {
  /** As if the machine's power went, and up again. */
  crash(): Promise<void>;
  /** Resolves when every node works with it again. */
  mended(): Promise<void>;
  /** Between each node and the database; none: these are left alone. */
  readonly proxies: readonly TcpProxy[];
}

/** Lets faults of these kinds happen one after the other, until it is told to end; nothing is broken afterwards. */
export async function breakThings(
  traffic: Traffic,
  random: Random,
  { draw, until }: { readonly draw: () => Fault; readonly until: AbortSignal },
): Promise<number> {
  let count = 0;
  while (!until.aborted) {
    await rest(500 + random.below(2500), until);
    if (until.aborted) break;
    const { what, on, outage, happen } = draw();
    const t_inv = performance.now();
    await happen();
    const fields = { proc: "faults", node: on, t_inv, t_ret: performance.now(), result: "ok" as const };
    traffic.note({ ...fields, op: "fault", args: { what, outage } });
    count += 1;
  }
  return count;
}

export function nodeFaults(nodes: readonly Node[], random: Random): Fault {
  const node = random.pick(nodes);
  const for_ = (most: number): Promise<void> => pause(random.below(most)); // the fault's own length
  const { name: on, process, proxy } = node;
  const kinds: readonly Fault[] = [
    {
      ...{ what: "killed", on, outage: true },
      happen: async () => {
        await process.kill();
        await for_(300);
        await startAgain(process);
      },
    },
    {
      ...{ what: "paused", on, outage: true },
      happen: async () => {
        process.signal("SIGSTOP");
        await for_(1500);
        process.signal("SIGCONT");
      },
    },
    proxyFault(proxy, { on, what: "cut off from its clients", outage: false, most: 800, random }),
  ];
  return random.pick(kinds);
}

/** As whatever watches over a server would: one that came up while its database was down is started once more. */
async function startAgain(process: ServerProcess): Promise<void> {
  for (;;) {
    try {
      return await process.start();
    } catch (cause) {
      if (process.isRunning || !String(cause).includes("cannot be reached")) throw cause;
    }
  }
}

export function verifierFaults(verifiers: readonly HistoryVerifier[], random: Random, bound: number): Fault {
  const verifier = random.pick(verifiers);
  const { name: on, proxy } = verifier;
  const most = bound * 2.5;
  const kinds: readonly Fault[] = [
    {
      ...{ what: "paused", on, outage: false },
      happen: async () => {
        verifier.signal("SIGSTOP");
        await pause(random.below(most)); // the fault's own length
        verifier.signal("SIGCONT");
      },
    },
    proxyFault(proxy, { on, what: "cut off from its node", outage: false, most, random }),
    {
      ...{ what: "its clock stepped", on, outage: false },
      happen: async () => {
        // What is cut off and would count on this clock would go on.
        if (random.below(4) > 0) proxy.cut();
        await verifier.ask({ clockStep: random.pick([-600_000, -60_000, -10_000, 60_000]) });
        await pause(most / 2 + random.below(most / 2)); // the fault's own length
        proxy.open();
        await verifier.ask({ clockStep: 0 });
      },
    },
  ];
  return random.pick(kinds);
}

export function databaseFaults(database: BreakableDatabase, random: Random): Fault {
  const crash: Fault = { what: "crashed", on: "PostgreSQL", outage: true, happen: () => database.crash() };
  const cut = { on: "PostgreSQL", what: "cut off from a node", outage: true, most: 1000, random };
  const proxy = database.proxies.length === 0 ? undefined : random.pick(database.proxies);
  const fault = proxy === undefined || random.below(3) === 0 ? crash : proxyFault(proxy, cut);
  const happen = async (): Promise<void> => {
    await fault.happen();
    await database.mended();
  };
  return { ...fault, happen };
}

interface Cut extends Pick<Fault, "on" | "what" | "outage"> {
  /** Milliseconds. */
  readonly most: number;
  readonly random: Random;
}

/** Connections end at once, or stay and say nothing. */
function proxyFault(proxy: TcpProxy, { on, what, outage, most, random }: Cut): Fault {
  return {
    ...{ on, what, outage },
    happen: async () => {
      if (random.below(2) === 0) proxy.cut();
      else proxy.silence();
      await pause(most / 5 + random.below(most * 0.8)); // the fault's own length
      proxy.cut(); // what was silenced ends
      proxy.open();
    },
  };
}

async function rest(milliseconds: number, until: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal: until }).catch(() => undefined);
}
