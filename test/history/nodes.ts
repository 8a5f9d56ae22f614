// The nodes of a history: real servers of their own processes, each reached through a proxy that can be cut.

import { ServerProcess, type ServerSettings } from "../faults/server-process.ts";
import { startTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { freePort } from "../running-server.ts";

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

export async function closeNode({ process, proxy }: Node): Promise<void> {
  await process.close();
  await proxy.close();
}
