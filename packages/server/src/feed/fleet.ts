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

export interface Fleet {
  /** Remembers a verifier as of its newest lease. */
  met(verifier: Verifier): void;
  /** Those whose last lease may still be in force, and those seen within the last day. */
  list(): readonly Verifier[];
}

const mostVerifiers = 100_000;
const forgottenAfterMs = 86_400_000;

export function fleet(now: () => number): Fleet {
  const verifiers = new Map<string, Verifier>();
  const key = (verifier: Verifier): string => `${verifier.clientId}\n${verifier.verifier}`;
  return {
    met(verifier) {
      verifiers.delete(key(verifier));
      verifiers.set(key(verifier), verifier);
      const oldest = verifiers.size > mostVerifiers ? verifiers.keys().next().value : undefined;
      if (oldest !== undefined) verifiers.delete(oldest);
    },
    list() {
      for (const [name, verifier] of verifiers) {
        if (verifier.lastLeaseAtMs >= now() - forgottenAfterMs) break; // kept in the order of their last lease
        verifiers.delete(name);
      }
      return [...verifiers.values()];
    },
  };
}

/** Whether its last lease may still be in force. */
export function isFresh(verifier: Verifier, nowMs: number): boolean {
  return verifier.lastLeaseAtMs + verifier.maxStaleness * 1000 >= nowMs;
}
