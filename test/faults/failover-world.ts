// A primary, its standby, and nodes that reach whichever of them is the primary by one address, as through a proxy or a
// virtual address.

import type { TestContext } from "node:test";
import { type Cluster, startCluster } from "../postgres.ts";
import { type NodeProcesses, startNodeProcesses } from "./node-processes.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

export interface FailoverWorld {
  readonly primary: Cluster;
  readonly standby: Cluster;
  readonly address: TcpProxy;
  readonly nodes: NodeProcesses;
}

export async function startFailoverWorld(
  t: TestContext,
  { synchronous }: { readonly synchronous: boolean },
): Promise<FailoverWorld> {
  const primary = await startCluster();
  t.after(() => primary.stop());
  const standby = await primary.standby({ synchronous });
  t.after(() => standby.stop());
  const address = await startTcpProxy();
  t.after(() => address.close());
  address.leadTo(primary.port);
  const url = (await primary.freshDatabase()).replace(`:${primary.port}/`, `:${address.port}/`);
  const nodes = await startNodeProcesses({ count: 2, database: () => url });
  t.after(() => nodes.close());
  return { primary, standby, address, nodes };
}

/**
 * The primary is gone for good, as if fenced; the standby takes its place and its address.
 * @param before called once the standby takes writes and before any node reaches it
 */
export async function failOver(
  { primary, standby, address }: Omit<FailoverWorld, "nodes">,
  before: () => Promise<void> = async () => undefined,
): Promise<void> {
  await primary.kill();
  address.cut();
  await standby.promote();
  await before();
  address.leadTo(standby.port);
  address.open();
}

/** The standby has everything that was committed so far. */
export async function followed(primary: Cluster, standby: Cluster): Promise<void> {
  const [row] = await primary.query("SELECT pg_current_wal_lsn()::text AS at");
  await until("the standby has followed", async () => {
    const [far] = await standby.query(`SELECT pg_last_wal_replay_lsn() >= '${row?.at}' AS is_there`);
    return far?.is_there === true;
  });
}
