// How long processes have been on a core, all their threads together. From Linux's own accounting; nothing elsewhere.

import { readdirSync, readFileSync } from "node:fs";

/** Seconds of processor time of running processes together, or undefined for none or where the system does not say. */
export function processorSeconds(pids: readonly number[]): number | undefined {
  const each = pids.map(secondsOf).filter((seconds) => seconds !== undefined);
  return each.length === 0 ? undefined : each.reduce((sum, part) => sum + part, 0);
}

function secondsOf(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
    );
    return nanoseconds.reduce((sum, part) => sum + part, 0) / 1e9;
  } catch {
    return undefined;
  }
}
