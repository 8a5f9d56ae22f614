// What is known of the verifiers: their position, their lease, their counts. In this node's memory; a verifier says it
// anew with every lease, once a second.

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
  /** The number up to which it has applied the log; -1 where that is not known yet. */
  readonly applied: number;
  /** Milliseconds on the monotonic clock at which its lease runs out; infinite while it is asking for another. */
  readonly untilMono: number;
}

export interface Fleet {
  /**
   * A verifier asks for a lease. Until the function returned is called it counts as one that has a lease, since the
   * head that it will be given is read before anybody can know that it got it.
   */
  asks(verifier: Pick<Verifier, "clientId" | "verifier">): () => void;
  /** Remembers a verifier as of its newest lease; what was known of it before. */
  met(verifier: Verifier): Verifier | undefined;
  /** Those whose last lease may still be in force, and those seen within the last day. */
  list(): readonly Verifier[];
  leased(): readonly Leased[];
  /** Calls back whenever `leased` may have changed but for time; returns how to stop. */
  watch(listener: () => void): () => void;
}

interface Known {
  readonly verifier: Verifier;
  readonly untilMono: number;
}

const mostVerifiers = 100_000;
const forgottenAfterMs = 86_400_000;

/** @param monotonic milliseconds of a clock that is never set; leases are counted on it */
export function fleet(now: () => number, monotonic: () => number = () => performance.now()): Fleet {
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
        if (asking.has(key)) found.push({ applied, untilMono: Number.POSITIVE_INFINITY });
        else if (untilMono >= at) found.push({ applied, untilMono });
      }
      for (const key of asking.keys())
        if (!verifiers.has(key)) found.push({ applied: -1, untilMono: Number.POSITIVE_INFINITY });
      return found;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function keyOf({ clientId, verifier }: Pick<Verifier, "clientId" | "verifier">): string {
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
