// Row ids: milliseconds since 2025, node, counter. 63 bits, time-ordered, so that storage only ever appends.

import type { RowId } from "@rescind/core";

const epochMs = Date.UTC(2025, 0, 1);
const timeShift = 22n;
const counters = 2 ** 14;
const nodes = 2 ** 8;

/** Draws ids that are greater than every one before, on this node, whatever the clock does. */
export class RowIds {
  readonly #node: number;
  readonly #clockMs: () => number;
  #ms: number;
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

  next(): RowId {
    const now = this.#clockMs() - epochMs;
    if (now > this.#ms) {
      this.#ms = now;
      this.#counter = 0;
    } else if (this.#counter === counters) {
      this.#ms += 1;
      this.#counter = 0;
    }
    const low = this.#node * counters + this.#counter;
    this.#counter += 1;
    return String((BigInt(this.#ms) << timeShift) + BigInt(low));
  }
}

/** The smallest id that could be drawn at this time (milliseconds since 1970), on any node. */
export function firstIdAt(ms: number): bigint {
  return BigInt(Math.max(0, Math.floor(ms) - epochMs)) << timeShift;
}
