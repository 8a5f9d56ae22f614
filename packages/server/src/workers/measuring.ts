// The main thread's part in a scrape: asks every worker for what it measures, and gives all of it to the one that asked.

import type { Measured } from "../metrics.ts";
import type { Thread } from "./thread.ts";

interface Round {
  readonly asker: Thread;
  readonly of: number;
  readonly found: Measured[];
}

/** Begins to serve scrapes. A worker that does not answer leaves its round open: whoever asked gives up by itself. */
export function measuring(threads: readonly Thread[]): void {
  const rounds = new Map<number, Round>();
  let last = 0;
  for (const thread of threads)
    thread.onMessage((message) => {
      if (message.kind === "gather") {
        last += 1;
        rounds.set(last, { asker: thread, of: message.of, found: [] });
        for (const other of threads) other.tell({ kind: "measure", round: last });
      }
      if (message.kind !== "measured") return;
      const round = rounds.get(message.round);
      round?.found.push(message.measured);
      if (round === undefined || round.found.length < threads.length) return;
      rounds.delete(message.round);
      round.asker.tell({ kind: "gathered", of: round.of, all: round.found });
    });
}
