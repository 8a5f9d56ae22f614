// At which pace bulk orders go to the store: one slice at a time, of however many callers, as large as the one writer
// takes in some milliseconds, since everybody else waits for it. THREATS RV-18.

import type { Store } from "@rescind/store";
import { turns } from "../people/hashing-turns.ts";

/** Names of a slice: of fewer each costs more, and of more the messages hold up the event loop. */
const names = { least: 100, most: 256 };
const turnMs = 4;

interface BulkPace {
  /** How many names the next slice may have. */
  readonly names: number;
  /**
   * Commits a slice when its turn has come; whoever has waited longest is next. So what others have the store write
   * meanwhile goes between two slices and waits for no second one.
   */
  commit(orders: number, work: () => Promise<void>): Promise<void>;
}

const paces = new WeakMap<Store, BulkPace>();

export function bulkPace(store: Store): BulkPace {
  const known = paces.get(store) ?? newPace();
  paces.set(store, known);
  return known;
}

function newPace(): BulkPace {
  const inTurn = turns(1, Number.POSITIVE_INFINITY);
  let next = names.least;
  return {
    get names() {
      return next;
    },
    commit: (orders, work) =>
      inTurn(async () => {
        const began = performance.now();
        await work();
        // The end of a call says little.
        if (orders < names.least) return;
        const fitting = Math.floor((orders * turnMs) / (performance.now() - began));
        next = Math.min(Math.max(fitting, names.least), 2 * next, names.most);
      }),
  };
}
