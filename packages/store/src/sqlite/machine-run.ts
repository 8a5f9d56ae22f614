// By what a file is known to be the one that was written while this machine has been running: then whatever was written
// is there, in the kernel's memory if not on the disk, however the process ended. FAULTS rows 1 and 8.

import { readFileSync, statSync } from "node:fs";

const bootId = "/proc/sys/kernel/random/boot_id";

/** One word: the machine's run, the device and the file; undefined where the system does not say. */
export function machineRunOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${readFileSync(bootId, "utf8").trim()}:${dev}:${ino}`;
  } catch {
    // Not Linux: every unclean end may have been the machine's.
    return undefined;
  }
}
