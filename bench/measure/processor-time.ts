// How long a process has been on a core, all its threads together. From Linux's own accounting; nothing elsewhere.

import { readdirSync, readFileSync } from "node:fs";

/** Seconds of processor time of a running process, or undefined where the system does not say. */
export function processorSeconds(pid: number): number | undefined {
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
