// Row ids: milliseconds since 2025, node, counter. 63 bits, time-ordered, so that storage only ever appends.

import type { RowId } from "@rescind/core";
import { StoreUnavailable } from "./store.ts";

const epochMs = Date.UTC(2025, 0, 1);
const timeShift = 22n;
const counters = 2 ** 14;
const nodes = 2 ** 8;

/** Where row ids come from. */
export interface IdSource {
  /** @throws StoreUnavailable there is none to be had at the moment */
  next(): RowId;
}

/** Draws ids that are greater than every one before, on this node, whatever the clock does. */
export class RowIds implements IdSource {
  readonly #node: number;
  readonly #clockMs: () => number;
  #ms: number;
  #belowMs = Number.POSITIVE_INFINITY;
  #counter = 0;

  /**
   * @param node 0 to 255; two servers on one database must differ
   * @param above the greatest id in the database; the first id lies in a later millisecond
   * @throws RangeError
   */
  constructor(node: number, above: bigint, clockMs: () => number = Date.now) {
    if (!Number.isInteger(node) || node < 0 || node >= nodes) throw new RangeError("nodeId must be 0 to 255");
    this.#node = node;
    this.#clockMs = clockMs;
    this.#ms = Number(above >> timeShift) + 1;
  }

  /** Milliseconds since 2025 of the last id. */
  get ms(): number {
    return this.#ms;
  }

  /** Ids end before this time (milliseconds since 2025); a clock that has reached it is not followed. */
  endBelow(ms: number): void {
    this.#belowMs = ms;
  }

  next(): RowId {
    const now = this.#clockMs() - epochMs;
    if (now > this.#ms && now < this.#belowMs) {
      this.#ms = now;
      this.#counter = 0;
    } else if (this.#counter === counters) {
      this.#ms += 1;
      this.#counter = 0;
    }
    if (this.#ms >= this.#belowMs)
      throw new StoreUnavailable("The row ids set aside for this node are used up.");
    const low = this.#node * counters + this.#counter;
    this.#counter += 1;
    return String((BigInt(this.#ms) << timeShift) + BigInt(low));
  }
}

/** The time as it stands in ids: milliseconds since 2025. */
export function idTime(ms: number): number {
  return Math.max(0, Math.floor(ms) - epochMs);
}

/** The smallest id that could be drawn at this time (milliseconds since 1970), on any node. */
export function firstIdAt(ms: number): bigint {
  return BigInt(idTime(ms)) << timeShift;
}
