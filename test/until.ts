// Waits for a state by asking for it, never by a fixed pause.

import { setTimeout as pause } from "node:timers/promises";

/** Asks every 20 ms until there is an answer other than undefined or false; throws after `milliseconds`. */
export async function until<T>(ask: () => Promise<T | undefined | false>, milliseconds = 60_000): Promise<T> {
  const giveUpAt = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > giveUpAt) throw new Error(`not reached within ${milliseconds} ms: ${ask}`);
    await pause(20);
  }
}
