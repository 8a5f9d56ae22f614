// What the system says of a process: its memory and its processor time.

import { readFileSync } from "node:fs";

interface Running {
  readonly pid: number;
}

export function residentMiB({ pid }: Running): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** User and system time of the process. */
export function processorSeconds({ pid }: Running): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
