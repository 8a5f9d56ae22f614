// The machine in general words, and what its disk takes to make one small write durable.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { pinned } from "../pinned-process.ts";
import { median } from "./median.ts";

/** Linux's numbers of file systems that keep everything in memory: tmpfs and ramfs. */
const inMemory = [0x01021994, 0x858458f6];

export interface Machine {
  readonly words: string;
  /** Median of 4 KiB written and made durable, milliseconds. */
  readonly durableWrite: number;
  /** What takes the meaning from the figures; empty where nothing does. */
  readonly warnings: readonly string[];
}

/** Describes the machine; `below` is where the database will stand. */
export function describeMachine(below: string): Machine {
  const cores = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  const warnings: string[] = [];
  if (!pinned) warnings.push("server and load share their cores: there is no taskset here, or one core only");
  if (inMemory.includes(statfsSync(below).type))
    warnings.push("the database is in memory: --data names a real disk");
  return {
    words: `${cores.length} cores (${cores[0]?.model.trim()}), ${gib} GiB, ${type()} ${release()}, Node ${process.versions.node}`,
    durableWrite: durableWrite(below),
    warnings,
  };
}

function durableWrite(below: string): number {
  const folder = mkdtempSync(join(below, "bench-disk-"));
  const file = openSync(join(folder, "probe"), "w");
  const page = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let number = 0; number < 100; number++) {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    times.push(performance.now() - began);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return median(times);
}
