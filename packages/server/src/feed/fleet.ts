// What this node knows of the verifiers: their position, their lease, their counts. In its memory; a verifier says it
// anew with every lease, once a second. What nodes that share a database tell each other is in `shared-fleet.ts`.

import type { Position } from "@rescind/core";

export interface Verifier {
  readonly verifier: string;
  readonly name: string | undefined;
  readonly clientId: string;
  readonly applied: Position;
  /** Seconds. */
  readonly maxStaleness: number;
  /** Milliseconds since 1970. */
  readonly lastLeaseAtMs: number;
  readonly counts: { readonly checks: number; readonly refusals: number; readonly revokedUses: number };
}

/** A verifier whose last lease may still be in force, or that is being given one. */
export interface Leased {
  readonly key: string;
  /** The number up to which it has applied the log; -1 where that is not known yet. */
  readonly applied: number;
  /** Milliseconds on the monotonic clock at which its lease runs out; infinite while it is asking for another. */
  readonly untilMono: number;
}

/** The verifiers of all nodes. */
export interface Fleet {
  /**
   * A verifier asks for a lease. From when it resolves until the function is called that it resolves to, the verifier
   * counts, on every node, as one that has a lease, since the head that it will be given is read before anybody can know
   * that it got it. Rejects with StoreUnavailable where the other nodes could not be told: then it must get none.
   */
  asks(verifier: Pick<Verifier, "clientId" | "maxStaleness" | "verifier">): Promise<() => void>;
  /** Remembers a verifier as of its newest lease; what was known of it before. */
  met(verifier: Verifier): Verifier | undefined;
  /** Those that this node met within the last day. */
  metHere(): readonly Verifier[];
  /** Those whose last lease may still be in force, and those seen within the last day, at any node. */
  list(): Promise<readonly { readonly verifier: Verifier; readonly fresh: boolean }[]>;
  /** On all nodes, as of the last look at what the others wrote. */
  leased(): readonly Leased[];
  /** Resolves after a look, begun after the call, at what the other nodes wrote. */
  refreshed(): Promise<void>;
  /** Looks often from now on, since somebody waits; returns how to stop. */
  follow(): () => void;
  /** Calls back whenever `leased` may have changed but for time; returns how to stop. */
  watch(listener: () => void): () => void;
  /** Writes what the other nodes should still know. */
  close(): Promise<void>;
}

/** Those of this node. */
export interface LocalFleet extends Pick<Fleet, "leased" | "met" | "watch"> {
  asks(verifier: Pick<Verifier, "clientId" | "verifier">): () => void;
  list(): readonly Verifier[];
}

/** The fleet of a node that has no others beside it. */
export function onlyFleet(local: LocalFleet, now: () => number): Fleet {
  return {
    ...local,
    asks: async (verifier) => local.asks(verifier),
    metHere: () => local.list(),
    list: async () => local.list().map((verifier) => ({ verifier, fresh: isFresh(verifier, now()) })),
    refreshed: async () => undefined,
    follow: () => () => undefined,
    close: async () => undefined,
  };
}

interface Known {
  readonly verifier: Verifier;
  readonly untilMono: number;
}

const mostVerifiers = 100_000;
const forgottenAfterMs = 86_400_000;

/** @param monotonic milliseconds of a clock that is never set; leases are counted on it */
export function fleet(now: () => number, monotonic: () => number = () => performance.now()): LocalFleet {
  const verifiers = new Map<string, Known>();
  const asking = new Map<string, number>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    asks(verifier) {
      const key = keyOf(verifier);
      asking.set(key, (asking.get(key) ?? 0) + 1);
      return () => {
        const others = (asking.get(key) ?? 0) - 1;
        if (others > 0) asking.set(key, others);
        else asking.delete(key);
        changed();
      };
    },
    met(verifier) {
      const key = keyOf(verifier);
      const before = verifiers.get(key)?.verifier;
      verifiers.delete(key);
      verifiers.set(key, { verifier, untilMono: monotonic() + verifier.maxStaleness * 1000 });
      const oldest = verifiers.size > mostVerifiers ? verifiers.keys().next().value : undefined;
      if (oldest !== undefined) verifiers.delete(oldest);
      changed();
      return before;
    },
    list() {
      for (const [key, { verifier }] of verifiers) {
        if (verifier.lastLeaseAtMs >= now() - forgottenAfterMs) break; // kept in the order of their last lease
        verifiers.delete(key);
      }
      return [...verifiers.values()].map(({ verifier }) => verifier);
    },
    leased() {
      const at = monotonic();
      const found: Leased[] = [];
      for (const [key, { verifier, untilMono }] of verifiers) {
        const applied = verifier.applied.seq;
        if (asking.has(key)) found.push({ key, applied, untilMono: Number.POSITIVE_INFINITY });
        else if (untilMono >= at) found.push({ key, applied, untilMono });
      }
      for (const key of asking.keys())
        if (!verifiers.has(key)) found.push({ key, applied: -1, untilMono: Number.POSITIVE_INFINITY });
      return found;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function keyOf({ clientId, verifier }: Pick<Verifier, "clientId" | "verifier">): string {
  return `${clientId}\n${verifier}`;
}

/** How many of them are as fresh as `isFresh` says, and how many are not. */
export function byFreshness(
  verifiers: readonly Verifier[],
  nowMs: number,
): { readonly fresh: number; readonly stale: number } {
  const fresh = verifiers.filter((verifier) => isFresh(verifier, nowMs)).length;
  return { fresh, stale: verifiers.length - fresh };
}

/** Whether its last lease may still be in force. */
export function isFresh(verifier: Verifier, nowMs: number): boolean {
  return verifier.lastLeaseAtMs + verifier.maxStaleness * 1000 >= nowMs;
}
