// When this node learned of the latest entries, so that an acknowledgement can be measured: how long ago is the oldest
// entry that it covers and the one before did not?

/** Batches of entries that are remembered; of older ones the age is not known. */
const mostBatches = 10_000;

interface Batch {
  /** The numbers of its first and last entry. */
  readonly first: number;
  readonly last: number;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export class OrderTimes {
  readonly #monotonic: () => number;
  #batches: Batch[] = [];

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** The node has learned of the entries with the numbers from `first` to `last`, which follow those before. */
  learned(first: number, last: number): void {
    this.#batches.push({ first, last, at: this.#monotonic() });
    if (this.#batches.length > 2 * mostBatches) this.#batches = this.#batches.slice(-mostBatches);
  }

  /**
   * Seconds since this node learned of the first entry after `before`; undefined where nothing was acknowledged anew,
   * or where that entry came before what is remembered.
   * @param before the number that the same verifier acknowledged last
   * @param acknowledged the number that it acknowledges now
   */
  acknowledgedAfter(before: number, acknowledged: number): number | undefined {
    if (acknowledged <= before) return undefined;
    let [low, high] = [0, this.#batches.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#batches[middle]?.last ?? 0) > before) high = middle;
      else low = middle + 1;
    }
    const batch = this.#batches[low];
    // The first one remembered cannot say that no older one is missing.
    if (batch === undefined || (low === 0 && before + 1 < batch.first)) return undefined;
    return (this.#monotonic() - batch.at) / 1000;
  }
}
