// One random schedule: nodes that order and lift, and a network and a cache that do what they like; a reader asks all the
// while. What it may say is known from when each order was answered. Time is real, leases are short.

import { setTimeout as pause } from "node:timers/promises";
import type { Unit } from "@rescind/core";
import { until } from "../../../../test/until.ts";
import type { CacheClient } from "../../src/cache/client.ts";
import {
  type CopiesWorld,
  keys,
  type NodeCopy,
  newToken,
  type Ordered,
  openCopies,
  subject,
} from "./copies-world.ts";

const leaseMs = 500;
const pace = { leaseMs, renewMs: 60 };

/** A server that leaves one part of the protocol out; the tests must notice. */
export type Mutant = "no mark" | "lease need not hold";

export interface Outcome {
  readonly violations: readonly string[];
  /** Checks that found a token live, while things went wrong. */
  readonly accepted: number;
}

interface Plan {
  readonly steps: number;
  readonly mutant?: Mutant | undefined;
}

interface Known {
  readonly unit: Unit;
  ordered: Ordered;
  readonly answeredAt: number;
  /** The cache had it before the answer. */
  readonly inTime: boolean;
  /** How often the dataset had gone back when it was ordered. */
  readonly rollbacks: number;
  isLifted: boolean;
}

/** Everything it starts has ended when it resolves. */
export async function runSchedule(random: () => number, plan: Plan): Promise<Outcome> {
  const endings: (() => Promise<void>)[] = [];
  try {
    return await runIn(await openCopies({ after: (end) => endings.push(end) }), random, plan);
  } finally {
    for (const end of endings) await end();
  }
}

async function runIn(world: CopiesWorld, random: () => number, { steps, mutant }: Plan): Promise<Outcome> {
  const below = (n: number): number => Math.floor(random() * n);
  const through = (client: CacheClient): CacheClient =>
    tampered(client, mutant, () => (below(4) === 0 ? below(300) : 0));
  const nodes: NodeCopy[] = [await world.node({ pace, through }), await world.node({ pace, through })];
  const nodeAt = (index: number): NodeCopy => nodes[index] ?? (Promise.reject(new Error("no node")) as never);
  const known: Known[] = [];
  const violations: string[] = [];
  let accepted = 0;
  let rollbacks = 0;
  let isOver = false;

  const judge = async (one: Known): Promise<void> => {
    const asked = performance.now();
    if ((await world.check(one.unit, one.ordered.seq - 1)) !== "live" || one.isLifted) return;
    const late = asked - one.answeredAt;
    if (late > leaseMs)
      violations.push(`${one.ordered.seq} accepted ${Math.round(late)} ms after its answer`);
    else if (one.inTime && one.rollbacks === rollbacks)
      violations.push(`${one.ordered.seq} accepted though the cache had it`);
  };
  const reading = (async () => {
    while (!isOver) {
      if ((await world.check(newToken(world.store))) === "live") accepted += 1;
      for (const one of known.slice(-8)) await judge(one);
      await pause(3);
    }
  })();

  const steer: readonly (() => Promise<void>)[] = [
    async () => order(),
    async () => order(),
    async () => order(),
    async () => order(),
    async () => {
      const open = known.filter(({ isLifted }) => !isLifted);
      const one = open[below(open.length)];
      if (one === undefined) return;
      one.isLifted = true;
      await nodeAt(below(2)).lift(one.ordered);
    },
    async () => nodeAt(below(2)).proxy.cut(),
    async () => nodeAt(below(2)).proxy.silence(),
    async () => nodeAt(below(2)).proxy.open(),
    async () => nodeAt(below(2)).proxy.open(),
    async () => void (await world.redis.ask.flushdb()),
    async () => void (await world.redis.ask.eval(saveScript, 0)),
    async () => {
      rollbacks += 1;
      await world.redis.ask.eval(goBackScript, 0, "*");
    },
    async () => {
      // Only some keys go back, as by a careless hand: noticed wherever the lease has been renewed since, and no node is
      // writing everything anew, which would take its own lease for the first.
      if (nodes.some(({ copy }) => copy.state === "rebuilding")) return;
      rollbacks += 1;
      const hasMoved = await world.redis.ask.eval(goBackInPartScript, 0, keys.lease, `${keys.entries}*`);
      if (hasMoved === 0) rollbacks -= 1;
    },
    async () => {
      const index = below(2);
      await nodeAt(index).close();
      nodes[index] = await world.node({ pace, through });
    },
    async () => pause(below(200)),
    async () => pause(below(600)),
  ];
  const order = async (): Promise<void> => {
    const node = nodeAt(below(2));
    const unit = below(2) === 0 ? newToken(world.store) : subject(`usr_${below(3)}`);
    const [late, before] = [node.copy.figures.lateAnswers, rollbacks];
    const ordered = await node.order(unit, { suspend: unit.name === "subject" && below(2) === 0 });
    if (!ordered.appended) return;
    const inTime = node.copy.figures.lateAnswers === late;
    known.push({ unit, ordered, answeredAt: performance.now(), inTime, rollbacks: before, isLifted: false });
  };

  for (let step = 0; step < steps; step++) await steer[below(steer.length)]?.();
  for (const node of nodes) node.proxy.open();
  isOver = true;
  await reading;
  violations.push(...(await settled(world, nodes, known)));
  return { violations, accepted };
}

/** When all is well again the copy says exactly what the log says. */
async function settled(
  world: CopiesWorld,
  nodes: readonly NodeCopy[],
  known: readonly Known[],
): Promise<string[]> {
  await until(async () => nodes.every(({ copy }) => copy.state === "held"), 30_000);
  await world.leased();
  await until(async () => (await world.check(newToken(world.store))) === "live", 30_000);
  const violations: string[] = [];
  const standing = nodes[0]?.standing;
  await standing?.reach(await world.store.head());
  for (const { unit, ordered } of known) {
    const stands = standing?.isOrdered(unit) === true;
    const said = await until(async () => {
      const verdict = await world.check(unit, 0);
      return verdict !== "unknown" && verdict;
    }, 30_000);
    if ((said === "revoked") !== stands)
      violations.push(`${ordered.seq} settled as ${said}, stands: ${stands}`);
  }
  return violations;
}

/** A connection on which what is sent may be held up, and a server that forgets a part of the protocol. */
function tampered(client: CacheClient, mutant: Mutant | undefined, holdUp: () => number): CacheClient {
  return {
    get isUp() {
      return client.isUp;
    },
    async run(script, names, args) {
      const sent = [...args];
      const isWrite = sent.length > 0;
      const ms = holdUp();
      if (ms > 0) await pause(ms);
      if (isWrite && mutant === "no mark") sent[1] = "";
      if (isWrite && mutant === "lease need not hold") sent[11] = "";
      return client.run(script, names, sent);
    },
    scan: (beginning) => client.scan(beginning),
    listen: (channel, heard) => client.listen(channel, heard),
    close: () => client.close(),
  };
}

const saveScript = `
redis.call('SELECT', 9) redis.call('FLUSHDB') redis.call('SELECT', 0)
for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', 9) end
`;
const goBackScript = `
for _, pattern in ipairs(ARGV) do
  redis.call('SELECT', 0)
  for _, key in ipairs(redis.call('KEYS', pattern)) do redis.call('DEL', key) end
  redis.call('SELECT', 9)
  for _, key in ipairs(redis.call('KEYS', pattern)) do redis.call('COPY', key, key, 'DB', 0, 'REPLACE') end
end
`;
const goBackInPartScript = `
local now = redis.call('GET', ARGV[1])
redis.call('SELECT', 9)
if now == redis.call('GET', ARGV[1]) then return 0 end
${goBackScript}
return 1
`;
