// A real Redis cluster of a test's own: three masters that share the slots, and a replica of the one that has ours.

import { setTimeout as pause } from "node:timers/promises";
import { Cluster } from "ioredis";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { startRedis, type TestRedis } from "./redis.ts";

export interface TestCluster {
  readonly url: string;
  /** A connection of the test's own to the cluster. */
  readonly ask: Cluster;
  /** The master of the slot of `rescind:lease`. */
  readonly ours: TestRedis;
  /** Of that master. */
  readonly replica: TestRedis;
  close(): Promise<void>;
}

const slots = 16_384;

export async function startRedisCluster(): Promise<TestCluster> {
  const started: TestRedis[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.close()));
  };
  try {
    for (let i = 0; i < 4; i++) started.push(await startRedis(await clusterSettings()));
    const [first, second, third, replica] = started;
    if (first === undefined || second === undefined || third === undefined || replica === undefined)
      throw new Error("four were started");
    const masters = [first, second, third];
    for (const [index, { ask }] of masters.entries()) {
      const [from, to] = [Math.ceil((slots * index) / 3), Math.ceil((slots * (index + 1)) / 3) - 1];
      await ask.cluster("ADDSLOTSRANGE", from, to);
      if (index > 0) await meet(ask, first);
    }
    await meet(replica.ask, first);
    await until(async () => (await clusterState(started)).every((state) => state === "ok 4"));
    const slot = await first.ask.cluster("KEYSLOT", "rescind:lease");
    const ours = masters[Math.floor((Number(slot) * 3) / slots)] ?? first;
    await replica.ask.cluster("REPLICATE", await ours.ask.cluster("MYID"));
    await until(async () => /master_link_status:up/.test(await replica.ask.info("replication")));
    const ask = new Cluster(
      masters.map(({ port }) => ({ host: "127.0.0.1", port })),
      { retryDelayOnFailover: 50, redisOptions: { maxRetriesPerRequest: 0 } },
    );
    ask.on("error", () => undefined); // a test that ends a master knows why
    return {
      url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
      ask,
      ours,
      replica,
      async close() {
        ask.disconnect();
        await pause(0);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function meet(ask: TestRedis["ask"], met: TestRedis): Promise<void> {
  const [, bus] = (await met.ask.config("GET", "cluster-port")) as [string, string]; // name and value
  await ask.cluster("MEET", "127.0.0.1", met.port, Number(bus));
}

async function clusterSettings(): Promise<string[]> {
  const bus = await freePort();
  return ["--cluster-enabled", "yes", "--cluster-port", String(bus), "--cluster-node-timeout", "1500"];
}

async function clusterState(nodes: readonly TestRedis[]): Promise<string[]> {
  return Promise.all(
    nodes.map(async ({ ask }) => {
      const info = await ask.cluster("INFO");
      return `${/cluster_state:(\w+)/.exec(info)?.[1]} ${/cluster_known_nodes:(\d+)/.exec(info)?.[1]}`;
    }),
  );
}
