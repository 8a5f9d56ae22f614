// The nodes of a history: real servers of their own processes, each reached through a proxy that can be cut.

import { randomBytes } from "node:crypto";
import { ServerProcess, type ServerSettings } from "../faults/server-process.ts";
import { startTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { freePort } from "../free-port.ts";
import type { Cluster } from "../postgres.ts";

export interface Node {
  readonly name: string;
  readonly process: ServerProcess;
  /** Between this node and its clients. */
  readonly proxy: TcpProxy;
  /** Where clients reach it. */
  readonly url: string;
}

export interface NodeSettings extends ServerSettings {
  readonly issuer?: string | undefined;
}

/** A node that is ready. */
export async function startNode(name: string, settings: NodeSettings = {}): Promise<Node> {
  const port = await freePort();
  const proxy = await startTcpProxy();
  const issuer = settings.issuer === undefined ? [] : ["--issuer", settings.issuer];
  const flags = ["--log-level", "error", ...issuer, ...(settings.flags ?? [])];
  const process = new ServerProcess({ ...settings, flags }, port);
  try {
    await process.start();
    proxy.leadTo(port);
    return { name, process, proxy, url: proxy.url };
  } catch (cause) {
    await process.close();
    await proxy.close();
    throw cause;
  }
}

export interface NodesOver {
  readonly nodes: readonly Node[];
  readonly issuer: string;
  /** Between each node and the database. */
  readonly proxies: readonly TcpProxy[];
  close(): Promise<void>;
}

/** Three nodes over a fresh database of this cluster. */
export async function startNodesOver(
  cluster: Cluster,
  nodeFlags: readonly string[] | undefined,
): Promise<NodesOver> {
  const nodes: Node[] = [];
  const proxies: TcpProxy[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map(closeNode));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  };
  const database = await cluster.freshDatabase();
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const secrets = {
    RESCIND_MASTER_KEY: randomBytes(32).toString("base64url"),
    RESCIND_ADMIN_SECRET: randomBytes(32).toString("base64url"),
  };
  const startedBy = ["env", ...Object.entries(secrets).map(([name, value]) => `${name}=${value}`)];
  try {
    for (const name of ["n1", "n2", "n3"]) {
      const proxy = await startTcpProxy();
      proxy.leadTo(cluster.port);
      proxies.push(proxy);
      const address = database.replace(`:${cluster.port}/`, `:${proxy.port}/`);
      nodes.push(await startNode(name, { issuer, startedBy, nodeFlags, flags: ["--database", address] }));
    }
    return { nodes, issuer, proxies, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

export async function closeNode({ process, proxy }: Node): Promise<void> {
  await process.close();
  await proxy.close();
}
