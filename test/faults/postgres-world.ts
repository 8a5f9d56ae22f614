// Two nodes over one PostgreSQL database: the first reaches it through a proxy that can lose commits, the second directly.
// Shared by the tests of several faults, each of which leaves it whole.

import { type Cluster, startCluster } from "../postgres.ts";
import { type NodeProcesses, startNodeProcesses } from "./node-processes.ts";
import { type PostgresProxy, startPostgresProxy } from "./postgres-proxy.ts";
import type { ServerProcess } from "./server-process.ts";

export interface PostgresWorld {
  readonly cluster: Cluster;
  /** The address of the database, past the proxy; its name alone. */
  readonly url: string;
  readonly database: string;
  readonly proxy: PostgresProxy;
  readonly nodes: NodeProcesses;
  readonly cut: ServerProcess;
  readonly whole: ServerProcess;
  close(): Promise<void>;
}

export async function startPostgresWorld(): Promise<PostgresWorld> {
  const cluster = await startCluster();
  const proxy = await startPostgresProxy(cluster.port);
  const ended = async (): Promise<void> => {
    await proxy.proxy.close();
    await cluster.stop();
  };
  try {
    const url = await cluster.freshDatabase();
    const through = url.replace(`:${cluster.port}/`, `:${proxy.proxy.port}/`);
    const nodes = await startNodeProcesses({ count: 2, database: (node) => (node === 0 ? through : url) });
    const close = async (): Promise<void> => {
      await nodes.close();
      await ended();
    };
    const database = new URL(url).pathname.slice(1);
    return { cluster, url, database, proxy, nodes, cut: nodes.node(0), whole: nodes.node(1), close };
  } catch (cause) {
    await ended();
    throw cause;
  }
}
