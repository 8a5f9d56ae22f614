// Waiting for a state instead of for time.

import { setTimeout as pause } from "node:timers/promises";

/**
 * Resolves once `isSo` resolves to true; asks again every few milliseconds.
 * @param within milliseconds after which it throws an Error that names `what`
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  within = 60_000,
): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${within / 1000} s: ${what}`);
    await pause(10);
  }
}
