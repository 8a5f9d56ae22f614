// Work that is done when something happened, and every so often in case nobody said so; never twice at once, and never
// again so soon that it does nothing else.

import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";

export interface Loop {
  /** There may be something to do: now, or right after the round that is under way. */
  wake(): void;
  /** Resolves once the round that is under way has ended. */
  stop(): Promise<void>;
}

/** Milliseconds between the end of a round and the next one's beginning, so that what happens meanwhile is done at once. */
const restMs = 2;

/** Starts with a round at once. A round that fails is logged, and the next one tries again. */
export function startLoop(round: () => Promise<void>, everyMs: number, log: Pick<Logger, "warn">): Loop {
  let stopped = false;
  let woken = true;
  let rouse: (() => void) | undefined;
  const running = (async () => {
    while (!stopped) {
      if (!woken) {
        const roused = new AbortController();
        rouse = () => roused.abort();
        await setTimeout(everyMs, undefined, { ref: false, signal: roused.signal }).catch(() => undefined);
        rouse = undefined;
      }
      if (stopped) return;
      woken = false;
      await round().catch((cause: unknown) => log.warn({ cause: String(cause) }, "webhooks wait"));
      if (!stopped) await setTimeout(restMs);
    }
  })();
  return {
    wake() {
      woken = true;
      rouse?.();
    },
    async stop() {
      stopped = true;
      rouse?.();
      await running;
    },
  };
}
