// What this node has learned of the log and not yet written in the cache: fingerprints whose value there may be out of
// date.

import type { LoggedEntry, Store } from "@rescind/store";

export class PendingFingerprints {
  readonly #fingerprints = new Set<string>();
  /** Numbers of entries that were lifted; what they were of is still to be read. */
  readonly #lifted = new Set<number>();

  get size(): number {
    return this.#fingerprints.size + this.#lifted.size;
  }

  note(entries: readonly LoggedEntry[]): void {
    for (const entry of entries) {
      if (entry.kind === "revoke") this.#fingerprints.add(entry.fp);
      if (entry.kind === "lift") this.#lifted.add(entry.lifts);
    }
  }

  add(fingerprints: Iterable<string>): void {
    for (const fp of fingerprints) this.#fingerprints.add(fp);
  }

  clear(): void {
    this.#fingerprints.clear();
    this.#lifted.clear();
  }

  /**
   * Takes some of them out. What a lift took back is read from the log first, which keeps it as long as the lift.
   * @throws StoreUnavailable
   */
  async take(most: number, store: Pick<Store, "readFeed">): Promise<readonly string[]> {
    for (const seq of this.#lifted) {
      const { entries } = await store.readFeed(seq - 1, 1);
      const [lifted] = entries;
      if (lifted?.kind === "revoke" && lifted.seq === seq) this.#fingerprints.add(lifted.fp);
      this.#lifted.delete(seq);
    }
    const taken: string[] = [];
    for (const fp of this.#fingerprints) {
      if (taken.length >= most) break;
      taken.push(fp);
      this.#fingerprints.delete(fp);
    }
    return taken;
  }
}
