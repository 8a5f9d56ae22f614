// A snapshot that outlives the process, so that a restart need not download it again. Freshness does not outlive it: what
// was kept is a beginning, whose tail has to be read and whose position the server has to confirm by a lease.

import type { ParsedSnapshot } from "@rescind/core";

/** Keeps one piece of bytes. What it gives back is checked like a download: it may be old, damaged or somebody else's. */
export interface SnapshotStore {
  load(): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
}

/** Checks the bytes of a snapshot; undefined for what is not one of this issuer. */
type ReadSnapshot = (bytes: Uint8Array<ArrayBuffer>) => Promise<ParsedSnapshot | undefined>;

/** The snapshots of one process: what was kept is tried once, and only as the first. */
export class KeptSnapshots {
  readonly #store: SnapshotStore | undefined;
  #isFirst = true;

  constructor(store: SnapshotStore | undefined) {
    this.#store = store;
  }

  /** What an earlier process kept, the first time only: where its position is refused, it has to be downloaded. */
  async first(read: ReadSnapshot): Promise<ParsedSnapshot | undefined> {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!isFirst || this.#store === undefined) return undefined;
    try {
      const bytes = await this.#store.load();
      return bytes === undefined ? undefined : await read(new Uint8Array(bytes));
    } catch {
      // Nothing is lost but time: there is the download.
      return undefined;
    }
  }

  /** Keeps a download that was found good. Does not wait, and does not fail: the next start downloads then. */
  keep(bytes: Uint8Array): void {
    const save = async () => this.#store?.save(bytes);
    save().catch(() => undefined);
  }
}
