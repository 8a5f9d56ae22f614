// Several servers over one PostgreSQL database, as behind a reverse proxy: one issuer, where the proxy would be, and each
// node's own base for requests. In this process; `test/faults/node-processes.ts` has nodes to kill.

import { randomBytes } from "node:crypto";
import { createServer, request } from "node:http";
import { freePort } from "./free-port.ts";
import { type Cluster, startCluster } from "./postgres.ts";
import { startTestServer, type TestServer } from "./running-server.ts";

export interface NodesOptions {
  /** On which a fresh database is made; one of its own, stopped with the nodes, where none is given. */
  readonly cluster?: Cluster | undefined;
  /** An address instead of a fresh database. */
  readonly database?: string | undefined;
  /** Further flags of every node, as on the command line. */
  readonly flags?: readonly string[] | undefined;
  /** Further environment of every node. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface Nodes {
  /** The issuer of all; nobody listens there. */
  readonly issuer: string;
  readonly database: string;
  /** Each with a data directory and a port of its own. */
  readonly nodes: readonly TestServer[];
  /** The node of this number, from 0. */
  node(index: number): TestServer;
  /** Listens where the issuer is and hands each request to the node that `pick` says, as a reverse proxy does. */
  front(pick: () => TestServer): Promise<void>;
  /** Starts one more. */
  add(flags?: readonly string[]): Promise<TestServer>;
  /** Stops them all, and the cluster if it is theirs. */
  close(): Promise<void>;
}

/** Starts so many nodes, all at once. */
export async function startNodes(count: number, options: NodesOptions = {}): Promise<Nodes> {
  const own =
    options.cluster === undefined && options.database === undefined ? await startCluster() : undefined;
  const nodes: TestServer[] = [];
  let proxy: ReturnType<typeof createServer> | undefined;
  const closeAll = async (): Promise<void> => {
    proxy?.close();
    proxy?.closeAllConnections();
    await Promise.all(nodes.map((node) => node.close()));
    await own?.stop();
  };
  try {
    const database = options.database ?? (await (options.cluster ?? own)?.freshDatabase());
    if (database === undefined) throw new Error("no database");
    const issuer = `http://127.0.0.1:${await freePort()}`;
    const env = { RESCIND_MASTER_KEY: randomBytes(32).toString("base64url"), ...options.env };
    const flags = ["--issuer", issuer, "--database", database, ...(options.flags ?? [])];
    const add = async (more: readonly string[] = []): Promise<TestServer> => {
      const node = await startTestServer([...flags, ...more], env);
      nodes.push(node);
      return node;
    };
    const started = await Promise.allSettled(Array.from({ length: count }, () => add()));
    for (const one of started) if (one.status === "rejected") throw one.reason;
    const node = (index: number): TestServer => {
      const found = nodes[index];
      if (found === undefined) throw new Error(`there is no node ${index}`);
      return found;
    };
    const front = (pick: () => TestServer): Promise<void> => {
      const server = reverseProxy(pick);
      proxy = server;
      return new Promise((resolve) => server.listen(Number(new URL(issuer).port), "127.0.0.1", resolve));
    };
    return { issuer, database, nodes, node, front, add, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** As little of one as these tests need: no retries, no headers of its own. */
function reverseProxy(pick: () => TestServer): ReturnType<typeof createServer> {
  return createServer((asked, answer) => {
    const { method, headers, url = "/" } = asked;
    const passed = request(`${pick().base}${url}`, { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    passed.on("error", () => answer.writeHead(502).end());
    asked.pipe(passed);
  });
}
