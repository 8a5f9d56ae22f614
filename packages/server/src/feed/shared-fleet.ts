// The fleet of nodes that share a database: each writes which verifiers have leases from it, before their first one, and
// reads what the others wrote. So whoever waits counts every verifier whose lease may be in force, wherever it got it.
// The reasoning is docs/decisions/0012-one-fleet.md. Nothing here decides whether a token is live.

import { randomUUID } from "node:crypto";
import { type FleetMember, type Store, StoreUnavailable } from "@rescind/store";
import type { Logger } from "pino";
import { type Fleet, fleet, keyOf, type Leased, type Verifier } from "./fleet.ts";
import { fleetPeers, goesOnUnheardMs } from "./fleet-peers.ts";

/** Milliseconds between what a node writes where nobody waits. */
const beatMs = 1000;
/** Changed positions written with one beat where nobody waits. */
const mostAtOnce = 1000;
/** Milliseconds for which an order that was waited for may still be: the longest `Prefer: wait`. */
const awaitedMs = 60_000;

export interface SharedFleetParts {
  readonly store: Pick<Store, "beatFleet" | "fleetMembers" | "fleetNodes">;
  readonly log: Pick<Logger, "warn">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic?: (() => number) | undefined;
}

export interface SharedFleet extends Fleet {
  /** Somebody waits for an order: positions are told at once from now on. */
  awaited(): void;
}

/** Begins to write and to read. */
export function sharedFleet(parts: SharedFleetParts): SharedFleet {
  const { store, log, now, monotonic = () => performance.now() } = parts;
  const node = randomUUID();
  const local = fleet(now, monotonic);
  const peers = fleetPeers({ node, store, monotonic });
  /** What is to be written of each verifier that is or was told of. */
  const told = new Map<string, Omit<FleetMember, "leased">>();
  /** Those of which the others know for certain that they may have a lease here. */
  const counted = new Set<string>();
  /** Those that must be written with the next round; and those that moved, which may wait. */
  let pending = new Set<string>();
  const moved = new Set<string>();
  let beat = 0;
  let beatBegan = Number.NEGATIVE_INFINITY;
  let awaitedUntil = Number.NEGATIVE_INFINITY;

  const isHeard = (): boolean => monotonic() - beatBegan <= goesOnUnheardMs;
  const round = async (): Promise<void> => {
    beat += 1;
    const began = monotonic();
    const leased = new Set(local.leased().map(({ key }) => key));
    const leaving = [...counted].filter((key) => !leased.has(key));
    const some = [...moved].slice(0, began < awaitedUntil ? undefined : mostAtOnce);
    const required = [...pending, ...leaving];
    const keys = new Set([...required, ...some]);
    const members = [...keys].flatMap((key): FleetMember[] => {
      const member = told.get(key);
      return member === undefined ? [] : [{ ...member, leased: leased.has(key) }];
    });
    // Whether these still count is not known before the outcome is.
    for (const key of leaving) counted.delete(key);
    for (const key of some) moved.delete(key);
    pending = new Set();
    try {
      await store.beatFleet({ node, beat }, members);
    } catch (error) {
      for (const key of required) pending.add(key);
      for (const key of some) moved.add(key);
      throw error;
    }
    beatBegan = began;
    for (const member of members) {
      const key = keyOf(member);
      if (member.leased) counted.add(key);
      else if (!pending.has(key)) told.delete(key);
    }
  };
  /** A round that begins after the call; one at a time, so that what is written last is what holds. */
  const flush = oneAfterAnother(round);
  const attempt = (): void =>
    void flush().catch((cause: unknown) => log.warn({ cause: String(cause) }, "verifiers not told of"));
  const isToWrite = (): boolean => counted.size + pending.size + moved.size > 0;
  const timer = setInterval(() => {
    if (isToWrite()) attempt();
    peers.refreshed().catch((cause: unknown) => log.warn({ cause: String(cause) }, "verifiers not read"));
  }, beatMs).unref();

  return {
    async asks(verifier) {
      const key = keyOf(verifier);
      const settled = local.asks(verifier);
      try {
        const known = told.get(key);
        const isLonger = verifier.maxStaleness * 1000 > (known?.maxStalenessMs ?? 0);
        if (isLonger)
          told.set(key, { ...(known ?? unmet(verifier)), maxStalenessMs: verifier.maxStaleness * 1000 });
        if (isLonger || !counted.has(key)) pending.add(key);
        if (pending.has(key) || !isHeard()) await flush();
        if (!counted.has(key) || !isHeard())
          throw new StoreUnavailable("the other nodes would not count this verifier");
        return settled;
      } catch (error) {
        settled();
        throw error;
      }
    },
    met(verifier) {
      const key = keyOf(verifier);
      told.set(key, memberOf(verifier));
      moved.add(key);
      const before = local.met(verifier);
      if (monotonic() < awaitedUntil) attempt();
      return before;
    },
    metHere() {
      // Those that have gone on to another node are its own.
      const here = new Set(local.leased().map(({ key }) => key));
      const elsewhere = new Set(peers.leased().map(({ key }) => key));
      return local.list().filter((verifier) => {
        const key = keyOf(verifier);
        return here.has(key) || !elsewhere.has(key);
      });
    },
    async list() {
      // Who is listed is read anew, so whose lease is in force must not be older.
      const everyone = await peers.everyone();
      await peers.refreshed();
      const fresh = new Set(merged([...local.leased(), ...peers.leased()]).map(({ key }) => key));
      const known = new Map<string, Verifier>();
      for (const verifier of [...everyone.map(verifierOf), ...local.list()]) {
        const key = keyOf(verifier);
        const other = known.get(key);
        if (other === undefined || other.lastLeaseAtMs <= verifier.lastLeaseAtMs) known.set(key, verifier);
      }
      return [...known].map(([key, verifier]) => ({ verifier, fresh: fresh.has(key) }));
    },
    leased: () => merged([...local.leased(), ...peers.leased()]),
    refreshed: () => peers.refreshed(),
    follow: () => peers.follow(),
    watch(listener) {
      const stops = [local.watch(listener), peers.watch(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    awaited() {
      awaitedUntil = monotonic() + awaitedMs;
    },
    async close() {
      clearInterval(timer);
      peers.close();
      if (isToWrite()) attempt();
      await flush.settled();
    },
  };
}

/** A verifier that is known by several nodes stands where it said last that it stands, which is the furthest. */
function merged(all: readonly Leased[]): readonly Leased[] {
  const found = new Map<string, Leased>();
  for (const one of all) {
    const other = found.get(one.key);
    found.set(one.key, {
      key: one.key,
      applied: Math.max(one.applied, other?.applied ?? -1),
      untilMono: Math.max(one.untilMono, other?.untilMono ?? 0),
    });
  }
  return [...found.values()];
}

interface Flush {
  (): Promise<void>;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

function oneAfterAnother(work: () => Promise<void>): Flush {
  let current: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  const flush = (): Promise<void> => {
    queued ??= current
      .catch(() => undefined)
      .then(() => {
        queued = undefined;
        current = work();
        return current;
      });
    return queued;
  };
  const settled = async (): Promise<void> => {
    await (queued ?? current).catch(() => undefined);
  };
  return Object.assign(flush, { settled });
}

const nothing = { checks: 0, refusals: 0, revokedUses: 0 };

function unmet({ clientId, verifier }: Pick<Verifier, "clientId" | "verifier">): Omit<FleetMember, "leased"> {
  const applied = { seq: -1, hash: "" };
  return {
    clientId,
    verifier,
    name: undefined,
    applied,
    maxStalenessMs: 0,
    lastLeaseAtMs: 0,
    counts: nothing,
  };
}

function memberOf(verifier: Verifier): Omit<FleetMember, "leased"> {
  const { clientId, name, applied, maxStaleness, lastLeaseAtMs, counts } = verifier;
  const maxStalenessMs = maxStaleness * 1000;
  return { clientId, verifier: verifier.verifier, name, applied, maxStalenessMs, lastLeaseAtMs, counts };
}

function verifierOf(member: FleetMember): Verifier {
  const { clientId, verifier, name, applied, maxStalenessMs, lastLeaseAtMs, counts } = member;
  return { clientId, verifier, name, applied, maxStaleness: maxStalenessMs / 1000, lastLeaseAtMs, counts };
}
