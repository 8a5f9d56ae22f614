// Waits for a state instead of for time to pass.

import { setTimeout as pause } from "node:timers/promises";

/** Polls until the condition holds; fails after a minute, which no correct run comes near, however busy the machine. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(5);
  }
}
