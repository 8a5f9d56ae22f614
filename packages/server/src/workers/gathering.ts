// One scrape of the metrics shows all workers: the one that is asked has the main thread ask all of them.

import { StoreUnavailable } from "@rescind/store";
import type { Measured } from "../metrics.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** Milliseconds for which a scrape waits for a worker that is busy. */
const withinMs = 5_000;

export interface Gathering {
  /** What this worker measures; set once, before it is asked. */
  measureBy(measure: () => Promise<Measured>): void;
  /** What all of them measure. @throws StoreUnavailable one of them does not answer */
  all(): Promise<readonly Measured[]>;
  receive(message: Extract<ToWorker, { kind: "gathered" | "measure" }>): Promise<void>;
}

export function gathering(tell: (message: FromWorker) => void): Gathering {
  const waiting = new Map<number, (all: readonly Measured[]) => void>();
  let asked = 0;
  let measure: () => Promise<Measured> = async () => [];
  return {
    measureBy(own) {
      measure = own;
    },
    all() {
      asked += 1;
      const of = asked;
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(of);
          reject(new StoreUnavailable("A worker did not say what it measures."));
        }, withinMs);
        waiting.set(of, (all) => {
          clearTimeout(late);
          resolve(all);
        });
        tell({ kind: "gather", of });
      });
    },
    async receive(message) {
      if (message.kind === "measure") {
        tell({ kind: "measured", round: message.round, measured: await measure() });
        return;
      }
      waiting.get(message.of)?.(message.all);
      waiting.delete(message.of);
    },
  };
}
