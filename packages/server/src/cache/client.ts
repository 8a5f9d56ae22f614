// The connections to Redis or Valkey: one that writes, one that listens for wake-ups. Nothing waits in a queue while
// the cache is away, nothing is sent twice, and no command is waited for longer than a second.

import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import type { CacheAddress } from "./address.ts";

/** Milliseconds after which a command has failed, and its connection with it. */
const commandMs = 1_000;
/** Milliseconds between attempts to connect. */
const retryMs = 250;
/** Milliseconds between signs of life of the connection that listens. */
const listeningMs = 10_000;

export interface CacheClient {
  readonly isUp: boolean;
  /**
   * Runs a script. The first key decides where in a cluster.
   * @throws any error means that the outcome is unknown
   */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** The names of all keys that begin so, in pages, some perhaps twice. */
  scan(beginning: string): AsyncIterable<readonly string[]>;
  /** Calls back with every message of a channel, as long as the connection is there. */
  listen(channel: string, heard: (message: string) => void): void;
  close(): void;
}

export interface Script {
  readonly text: string;
  /** SHA-1 of the text in hex, by which the cache knows it. */
  readonly sha: string;
}

export interface CacheListener {
  /** The connection came up or went away. */
  changed(): void;
  /** Why it cannot be reached; once for each reason until it was reached again. */
  failed(cause: string): void;
}

/** Connects in the background, for as long as the server runs. */
export function connectCache(address: CacheAddress, { changed, failed }: CacheListener): CacheClient {
  const open = (): Redis | Cluster =>
    address.kind === "cluster"
      ? new Cluster([...address.nodes], clusterOptions(address))
      : new Redis(singleOptions(address));
  const writing = open();
  const listening = open();
  let ping: NodeJS.Timeout | undefined;
  const told = new Set<string>();
  writing.on("error", (error: Error) => {
    const cause = error.message;
    if (!told.has(cause)) failed(cause);
    told.add(cause);
  });
  listening.on("error", () => undefined); // it has the same reasons
  writing.on("ready", () => told.clear());
  for (const event of ["ready", "close", "end"]) writing.on(event, changed);
  return {
    get isUp() {
      return writing.status === "ready";
    },
    async run({ text, sha }, keys, args) {
      try {
        return await writing.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return writing.eval(text, keys.length, ...keys, ...args);
      }
    },
    async *scan(beginning) {
      const masters = writing instanceof Cluster ? writing.nodes("master") : [writing];
      for (const one of masters) {
        let cursor = "0";
        do {
          const [next, names] = await one.scan(cursor, "MATCH", `${literal(beginning)}*`, "COUNT", 1000);
          cursor = next;
          if (names.length > 0) yield names;
        } while (cursor !== "0");
      }
    },
    listen(channel, heard) {
      listening.on("message", (_channel: string, message: string) => heard(message));
      const subscribe = (): void => void listening.subscribe(channel).catch(() => undefined);
      listening.on("ready", subscribe);
      // A connection that only listens would not notice that the other end has gone.
      ping = setInterval(() => void listening.ping().catch(() => undefined), listeningMs).unref();
    },
    close() {
      clearInterval(ping);
      for (const one of [writing, listening]) one.disconnect();
    },
  };
}

function shared({ username, password, tls }: CacheAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    protocol: 2 as const,
    connectTimeout: 5_000,
    commandTimeout: commandMs,
    socketTimeout: 2 * commandMs,
    disconnectTimeout: commandMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false, // it would fail unheard when the connection goes again meanwhile; `listen` does it
    disableClientInfo: true,
    // A master that has become a replica: ask again who is master.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  } satisfies RedisOptions;
}

function singleOptions(address: CacheAddress) {
  const { nodes, master, sentinelUsername, sentinelPassword, tls, db } = address;
  const [{ host, port }] = nodes;
  const common = {
    ...shared(address),
    db,
    enableOfflineQueue: false,
    retryStrategy: () => retryMs,
  };
  if (master === undefined) return { ...common, host, port };
  return {
    ...common,
    sentinels: [...nodes],
    name: master,
    enableTLSForSentinelMode: tls,
    ...(tls ? { sentinelTLS: {} } : {}),
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    sentinelCommandTimeout: commandMs,
    sentinelRetryStrategy: () => retryMs,
  } satisfies RedisOptions;
}

function clusterOptions(address: CacheAddress) {
  return {
    enableOfflineQueue: false,
    redisOptions: shared(address),
    clusterRetryStrategy: () => retryMs,
    clusterNodeRetryStrategy: () => retryMs,
    slotsRefreshInterval: 5_000,
    scaleReads: "master" as const,
    // Repeating is the copy's own business: it knows what it may write again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
  } satisfies ClusterOptions;
}

/** As a pattern that matches just these characters. */
function literal(text: string): string {
  return text.replace(/[*?[\]\\^]/g, "\\$&");
}
