// Processes of the benchmark, each held on one core where the system has `taskset` and two cores or more.

import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** The servers under test share one core, one at a time; the load and this process have another. */
export type Core = "server" | "load";

const numbers: Record<Core, number> = { server: 0, load: 1 };

export function coreNumber(core: Core): number {
  return numbers[core];
}

/** Whether processes are held on cores of their own. Without it the numbers say little. */
export const pinned = availableParallelism() > 1 && spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;

/** Keeps this process off the core of the servers. */
export function pinThisProcess(): void {
  if (pinned) spawnSync("taskset", ["-cp", String(numbers.load), String(process.pid)]);
}

/** Starts a program on a core; its standard output and error go to an open file. `env` adds to the environment. */
export function start(
  core: Core,
  command: readonly string[],
  output: number,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawnOn(core, command, ["ignore", output, output], env);
}

/** Starts a TypeScript file of the benchmark on a core, with a message channel. */
export function startFile(core: Core, file: string): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawnOn(
    core,
    [process.execPath, "--conditions=source", path],
    ["ignore", "inherit", "inherit", "ipc"],
    {},
  );
}

function spawnOn(
  core: Core,
  command: readonly string[],
  stdio: StdioOptions,
  more: Readonly<Record<string, string>>,
): ChildProcess {
  const [program = "", ...args] = pinned ? ["taskset", "-c", String(numbers[core]), ...command] : command;
  return spawn(program, args, { stdio, env: { ...process.env, NODE_ENV: "production", ...more } });
}

/**
 * The first message of a process.
 * @throws Error if it ends before it says anything
 */
export function firstMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new Error(`a process ended before it was ready (${signal ?? code})`)),
    );
  });
}

/** Ends a process of ours and waits until it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(timer);
}
