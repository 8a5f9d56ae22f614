// Work that is done by one at a time: within this process in the order it came, and, where several nodes share a
// database, by one node at a time. A node that stops in the middle loses its turn after some seconds, so whatever must
// hold even then is guarded in the store as well. Nothing on the way of a token takes a turn.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "@rescind/store";
import { turns as queue, TooManyWaiting } from "./people/hashing-turns.ts";

export interface Turns {
  /** Does the work when its turn has come. Rejects with TooManyWaiting if that takes too long, else as the work does. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Whether this process may do what one does for all, from now on for so many milliseconds. */
  isMine(name: string, forMs: number): Promise<boolean>;
}

/** Waiting for one name at once; the next is refused. */
const mostWaiting = 1000;
/** Milliseconds after which a node that was not heard of has lost its turn. */
const claimedMs = 15_000;
/** Milliseconds between looks whether a turn is free, and how long one looks. */
const lookMs = 20;
const longestWaitMs = 60_000;

/** Turns within this process. */
export function localTurns(): Turns {
  const queues = new Map<string, { readonly take: ReturnType<typeof queue>; taken: number }>();
  return {
    async inTurn(name, work) {
      const mine = queues.get(name) ?? { take: queue(1, mostWaiting), taken: 0 };
      queues.set(name, mine);
      mine.taken += 1;
      try {
        return await mine.take(work);
      } finally {
        mine.taken -= 1;
        if (mine.taken === 0) queues.delete(name);
      }
    },
    isMine: async () => true,
  };
}

/** Turns between the processes that share a store. */
export function sharedTurns(store: Pick<Store, "claimTurn" | "endTurn">): Turns {
  const local = localTurns();
  const process = randomUUID();
  const claimed = async (name: string): Promise<void> => {
    const giveUpAt = performance.now() + longestWaitMs;
    while (!(await store.claimTurn(name, process, claimedMs))) {
      if (performance.now() > giveUpAt) throw new TooManyWaiting("Other nodes took too long with this work.");
      await pause(lookMs + Math.random() * lookMs);
    }
  };
  return {
    inTurn: (name, work) =>
      local.inTurn(name, async () => {
        await claimed(name);
        // Should this fail, so does whatever the work wants of the store.
        const goOn = setInterval(
          () => void store.claimTurn(name, process, claimedMs).catch(() => undefined),
          claimedMs / 3,
        ).unref();
        try {
          return await work();
        } finally {
          clearInterval(goOn);
          // What the work came to stands; a turn that cannot be ended ends by itself.
          await store.endTurn(name, process).catch(() => undefined);
        }
      }),
    isMine: (name, forMs) => store.claimTurn(name, process, forMs),
  };
}
