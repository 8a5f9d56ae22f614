// A real log, a real redis-server, and any number of copies over them, each as on a node of its own: its own memory of
// the log, its own connection, through a proxy that the test can cut. And a reader that judges by one MGET.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatId, isWide, liveness, type RowId, type Unit } from "@rescind/core";
import { openStore, type Receipt, type Store } from "@rescind/store";
import { pino } from "pino";
import { standingIn } from "../../../../test/cache/reader.ts";
import { startRedis, type TestRedis } from "../../../../test/cache/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/faults/tcp-proxy.ts";
import { until } from "../../../../test/until.ts";
import { readCacheAddress } from "../../src/cache/address.ts";
import { type CacheClient, connectCache } from "../../src/cache/client.ts";
import { type CopyParts, NearlineCopy } from "../../src/cache/copy.ts";
import { cacheKeys } from "../../src/cache/keys.ts";
import { tokenHashing } from "../../src/keys/digest.ts";
import { orderOf } from "../../src/revocation/order.ts";
import { StandingEntries } from "../../src/tokens/standing.ts";

const issuer = "https://issuer.example";
const hashing = tokenHashing(undefined, new Uint8Array(32));
const actor = { kind: "admin", id: "admin" } as const;

export interface NodeCopy {
  readonly copy: NearlineCopy;
  readonly standing: StandingEntries;
  readonly proxy: TcpProxy;
  /** Orders at this node as an endpoint does: committed, in this node's memory, waited for; milliseconds it took. */
  order(unit: Unit, options?: { readonly suspend?: boolean | undefined }): Promise<Ordered>;
  lift(ordered: Ordered): Promise<void>;
  /** As a process that is killed: nothing more is written. */
  close(): Promise<void>;
}

export interface Ordered {
  /** False where the same suspension stood already. */
  readonly appended: boolean;
  readonly seq: number;
  readonly id: RowId;
  readonly ms: number;
}

export interface NodeOptions {
  readonly logId?: string;
  readonly prefix?: string;
  readonly pace?: CopyParts["pace"];
  /** What stands between the copy and its connection. */
  readonly through?: (client: CacheClient) => CacheClient;
}

export interface CopiesWorld {
  readonly redis: TestRedis;
  readonly store: Store;
  /** Seconds by which the clock of nodes that start from now on is ahead. */
  ahead: number;
  node(options?: NodeOptions): Promise<NodeCopy>;
  /** Orders these units in one transaction, at no node. */
  orderMany(units: readonly Unit[]): Promise<readonly Receipt[]>;
  /** What a reader says of a token that has just this unit and this `rev`. */
  check(unit: Unit, rev?: number): Promise<"live" | "revoked" | "unknown">;
  /** Until a reader says so: a machine that stood still may have no lease, or have let an answer go before the cache had it. */
  says(verdict: "live" | "revoked", unit: Unit, rev?: number): Promise<unknown>;
  /** The numbers of the entries that the cache holds of this unit. */
  seqsOf(unit: Unit): Promise<readonly number[]>;
  /** Until there is a lease whose position is at least the log's head now. */
  leased(): Promise<string>;
}

export const keys = cacheKeys("rescind");

/** A test, or whatever else ends. */
interface Ends {
  after(end: () => Promise<void>): unknown;
}

/** @param settings as on redis-server's command line */
export async function openCopies(t: Ends, settings: readonly string[] = []): Promise<CopiesWorld> {
  const folder = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const redis = await startRedis(settings);
  const store = await openStore(`sqlite:${join(folder, "rescind.db")}`, { issuer });
  const nodes: NodeCopy[] = [];
  t.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await store.close();
    await redis.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const world: CopiesWorld = {
    redis,
    store,
    ahead: 0,
    async node({
      logId = "the-log",
      prefix = "rescind",
      pace,
      through = (client: CacheClient) => client,
    } = {}) {
      const { ahead } = world;
      const now = (): number => Date.now() + ahead * 1000;
      const standing = new StandingEntries(store, hashing.fingerprint);
      await standing.load();
      const proxy = await startTcpProxy();
      proxy.leadTo(redis.port);
      const address = readCacheAddress(`redis://127.0.0.1:${proxy.port}`);
      if (typeof address === "string") throw new Error(address);
      const client = through(
        connectCache(address, { changed: () => copy.connectionChanged(), failed: () => undefined }),
      );
      const log = pino({ level: process.env.RESCIND_TEST_LOG ?? "silent" });
      const keysOfNode = cacheKeys(prefix);
      const copy = new NearlineCopy({ client, keys: keysOfNode, logId, standing, store, log, now, pace });
      const node: NodeCopy = {
        copy,
        standing,
        proxy,
        async order(unit, { suspend } = {}) {
          const began = performance.now();
          const facts = { actor, reason: "administrator", final: false, select: {} } as const;
          const order = orderOf({ unit, ...facts, suspend }, { hashing, now: Date.now, store, issuer });
          const { seq, appended } = await store.revoke(order);
          await standing.reach(await store.head());
          await copy.holds(seq);
          return { appended, seq, id: order.id, ms: performance.now() - began };
        },
        async lift({ id: orderId }) {
          const { kind } = await store.lift({ id: store.nextId(), orderId, atMs: Date.now(), actor });
          if (kind !== "lifted") throw new Error(kind);
          const head = await store.head();
          await standing.reach(head);
          await copy.holds(head.position.seq);
        },
        async close() {
          await copy.close();
          await proxy.close();
        },
      };
      nodes.push(node);
      return node;
    },
    async orderMany(units) {
      const facts = { actor, reason: "administrator", final: false, select: {} } as const;
      const of = { hashing, now: Date.now, store, issuer };
      return store.revokeMany(units.map((unit) => orderOf({ unit, ...facts }, of)));
    },
    async check(unit, rev = 0) {
      const [lease, ...values] = await redis.ask.mget(keys.lease, keys.entry(hashing.fingerprint(unit)));
      if (lease?.split(".")[2] !== "the-log") return "unknown";
      const token = { issuer, ours: true, offline: false, rev, expiresAt: Number.MAX_VALUE, lineage: [] };
      return liveness(token, standingIn(values), Date.now() / 1000).kind === "revoked" ? "revoked" : "live";
    },
    says: (verdict, unit, rev) => until(async () => (await world.check(unit, rev)) === verdict),
    async seqsOf(unit) {
      const value = await redis.ask.get(keys.entry(hashing.fingerprint(unit)));
      return standingIn([value]).map(({ seq }) => seq);
    },
    async leased() {
      const { position } = await store.head();
      return until(async () => {
        const lease = await redis.ask.get(keys.lease);
        return lease !== null && Number.parseInt(lease, 10) >= position.seq ? lease : undefined;
      });
    },
  };
  return world;
}

export function newToken(store: Store): Unit {
  return { name: "token", issuer, value: formatId("token", store.nextId()) };
}

export function subject(value: string): Unit {
  const unit: Unit = { name: "subject", issuer, value };
  if (!isWide(unit.name)) throw new Error("a subject is a wide unit");
  return unit;
}
