// The DPoP proofs that were used, so that none is used twice here: RFC 9449 section 11.1. Of one process; each has its own.
// Bounded: what had to be forgotten early is refused by its age instead of being believed again.

import { proofAge, proofAhead } from "./dpop-proof.ts";

/** Proofs kept in each of the two halves. */
const mostProofs = 50_000;
/** Milliseconds a proof stays usable, with something for the server's time that this one follows. */
const usable = (proofAge + proofAhead + 20) * 1000;

interface Generation {
  readonly ids: Set<string>;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** The latest `iat` among them. */
  latest: number;
}

export class ProofMemory {
  #young: Generation = { ids: new Set(), since: Number.NEGATIVE_INFINITY, latest: Number.NEGATIVE_INFINITY };
  #old: Generation = this.#young;
  /** What was made at this time or before may have been used already. */
  #floor = Number.NEGATIVE_INFINITY;
  readonly #most: number;

  constructor(most = mostProofs) {
    this.#most = most;
  }

  /** Uses a proof; false if it was used before, or may have been. `now`: monotonic milliseconds. */
  use(proof: { readonly id: string; readonly issuedAt: number }, now: number): boolean {
    const { id, issuedAt } = proof;
    if (issuedAt <= this.#floor || this.#young.ids.has(id) || this.#old.ids.has(id)) return false;
    const isOver = now - this.#young.since > usable;
    if (isOver || this.#young.ids.size >= this.#most) this.#turn(now, isOver);
    this.#young.ids.add(id);
    this.#young.latest = Math.max(this.#young.latest, issuedAt);
    return true;
  }

  #turn(now: number, isOver: boolean): void {
    // The older half holds nothing usable once the younger has been filled for that long.
    if (!isOver) this.#floor = Math.max(this.#floor, this.#old.latest);
    this.#old = this.#young;
    this.#young = { ids: new Set(), since: now, latest: Number.NEGATIVE_INFINITY };
  }
}
