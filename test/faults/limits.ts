// Limits of a running process, changed from outside.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** @param limit as prlimit takes it, for example `--nofile=64:` */
export function setLimit(pid: number, limit: string): void {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), limit], { encoding: "utf8" });
  if (status !== 0) throw new Error(`prlimit ${limit}: ${stderr}`);
}

/** Bytes of address space a process has, and of memory it holds. */
export function memoryOf(pid: number): { readonly virtual: number; readonly resident: number } {
  const [virtual = 0, resident = 0] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ").map(Number);
  const page = 4096;
  return { virtual: virtual * page, resident: resident * page };
}

/** File descriptors a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
