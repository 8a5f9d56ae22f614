// Makes a history: so many clients at once at so many nodes for so long, with whatever goes wrong meanwhile, and what is
// there at the end.

import { setTimeout as pause } from "node:timers/promises";
import { graceWindowMs } from "@rescind/core";
import { type Random, seededRandom } from "../faults/random.ts";
import { type BreakableDatabase, breakThings, databaseFaults, nodeFaults, verifierFaults } from "./faults.ts";
import { exchange, openGrant, ownToken, redeem, refresh, signIn } from "./issuing.ts";
import type { Node } from "./nodes.ts";
import { lift, order, revoke, signOut, suspend } from "./ordering.ts";
import { convergeMs, readTheEnd } from "./reading.ts";
import type { History } from "./record.ts";
import { restoreOnce } from "./restoring.ts";
import { type Asking, Traffic } from "./traffic.ts";
import { introspect, lease, list, place, userinfo, verify } from "./using.ts";
import { HistoryVerifier } from "./verifiers.ts";
import { makeWorld, resource } from "./world.ts";

export interface Breaking {
  readonly nodes?: boolean | undefined;
  readonly verifiers?: boolean | undefined;
  readonly database?: BreakableDatabase | undefined;
  /** An older copy of the first node's own database is put in its place. */
  readonly restore?: boolean | undefined;
}

export interface RunSettings {
  readonly seed: number;
  readonly about: string;
  readonly nodes: readonly Node[];
  readonly issuer: string;
  readonly seconds: number;
  /** It goes on until there are so many records, six times as long at most: a busy machine does less in its time. */
  readonly atLeast?: number | undefined;
  readonly workers: number;
  readonly verifiers: number;
  /** Milliseconds: the longest that a client rests between requests. */
  readonly rest: number;
  /** What goes wrong beside; nothing by default. */
  readonly faults?: Breaking | undefined;
  readonly nodeFlags?: readonly string[] | undefined;
}

/** Milliseconds. */
const maxStalenessMs = 2_000;

/** Of the time it should take. */
const mostTimes = 6;

type Act = (traffic: Traffic, asking: Asking) => Promise<void>;

/** How often each comes. */
const acts: readonly (readonly [number, Act])[] = [
  [4, ownToken],
  [7, openGrant],
  [7, redeem],
  [12, refresh],
  [7, exchange],
  [16, introspect],
  [5, userinfo],
  [4, list],
  [16, verify],
  [6, revoke],
  [6, order],
  [4, lift],
  [1, suspend],
  [1, signOut],
  [3, lease],
];
const drawn = acts.flatMap(([weight, act]) => new Array<Act>(weight).fill(act));

export async function runHistory(settings: RunSettings): Promise<{ history: History; traffic: Traffic }> {
  const { seed, about, nodes } = settings;
  const random = seededRandom(seed);
  const [first] = nodes;
  if (first === undefined) throw new RangeError("a history needs a node");
  const world = await makeWorld(first.process);
  const verifiers: HistoryVerifier[] = [];
  try {
    for (let i = 0; i < settings.verifiers; i++) {
      const node = nodes[i % nodes.length] ?? first;
      const { client_id: clientId, client_secret: clientSecret } = world.api;
      const maxStaleness = maxStalenessMs / 1000;
      const options = { issuer: settings.issuer, audience: resource, clientId, clientSecret, maxStaleness };
      const onStale = "reject" as const;
      const { nodeFlags } = settings;
      const name = `v${i + 1}`;
      verifiers.push(
        await HistoryVerifier.start({
          name,
          options: { ...options, onStale },
          port: node.process.port,
          nodeFlags,
        }),
      );
    }
    const admin = first.process.adminClient;
    const traffic = new Traffic({ random, nodes, verifiers, world, admin });
    await go(traffic, settings, random);
    await readTheEnd(traffic);
    traffic.requests.close();
    const bounds = { graceMs: graceWindowMs, maxStalenessMs, convergeMs };
    return { history: { seed, about, ...bounds, records: traffic.records }, traffic };
  } finally {
    await Promise.all(verifiers.map((verifier) => verifier.close()));
  }
}

async function go(traffic: Traffic, settings: RunSettings, random: Random): Promise<void> {
  const { nodes, faults = {}, seed } = settings;
  for (let i = 0; i < 2; i++)
    await signIn(traffic, { proc: "c0", node: nodes[0] ?? traffic.random.pick(nodes) });
  const ending = new AbortController();
  const breaking = (draw: () => ReturnType<typeof nodeFaults>, at: number): Promise<number> =>
    breakThings(traffic, seededRandom(seed + at), { draw, until: ending.signal });
  const own = seededRandom(seed + 77);
  const { database } = faults;
  const broken = [
    ...(faults.nodes === true ? [breaking(() => nodeFaults(nodes, own), 1)] : []),
    ...(faults.verifiers === true && traffic.verifiers.length > 0
      ? [breaking(() => verifierFaults(traffic.verifiers, own, maxStalenessMs), 2)]
      : []),
    ...(faults.restore === true && nodes[0] !== undefined
      ? [restoreOnce(traffic, nodes[0], settings.seconds)]
      : []),
    ...(database === undefined ? [] : [breaking(() => databaseFaults(database, own), 3)]),
  ];
  const beganAt = performance.now();
  const isOver = (): boolean => {
    const seconds = (performance.now() - beganAt) / 1000;
    const isEnough = traffic.records.length >= (settings.atLeast ?? 0);
    return seconds > settings.seconds * (isEnough ? 1 : mostTimes);
  };
  const work = async (index: number): Promise<void> => {
    while (!isOver()) {
      const asking = { proc: `c${index + 1}`, node: random.pick(nodes) };
      const before = traffic.requests.unanswered.get(0) ?? 0;
      await random.pick(drawn)(traffic, asking);
      const isDown = (traffic.requests.unanswered.get(0) ?? 0) > before;
      await pause(random.below(settings.rest) + (isDown ? 150 : 0)); // what a client does between two requests
    }
  };
  const watch = async (): Promise<void> => {
    while (!isOver()) {
      for (const verifier of traffic.verifiers) await place(traffic, "watch", verifier);
      await pause(200); // how often it looks
    }
  };
  await Promise.all([watch(), ...Array.from({ length: settings.workers }, (_, index) => work(index))]);
  ending.abort();
  await Promise.all(broken);
}
