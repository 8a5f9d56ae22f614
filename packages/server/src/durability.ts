// How durable what is answered is, for health: on the disk of one machine, or on a second one before the answer too. Read
// from the database's own settings (FAULTS, "Promises"). Decides nothing.

import type { Store, StoreDescription } from "@rescind/store";

type Durability = StoreDescription["durability"];

export interface DurabilityWatch {
  /** Asks the database. @throws StoreUnavailable */
  now(): Promise<Durability>;
  /** As of the last answer, some seconds old; undefined before the first. Waits for nothing. */
  lately(): Durability | undefined;
}

/** Milliseconds after which what is known is asked again, if anybody asks. */
const rememberedMs = 10_000;

export function durabilityWatch(store: Pick<Store, "durability">): DurabilityWatch {
  let last: Durability | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  const now = async (): Promise<Durability> => {
    askedAt = performance.now();
    last = await store.durability();
    return last;
  };
  return {
    now,
    lately() {
      // A database that does not answer now is told by readiness.
      if (performance.now() - askedAt > rememberedMs) now().catch(() => undefined);
      return last;
    },
  };
}
