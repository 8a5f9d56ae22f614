// The command line on a server's own data, and a server that is stopped and started around it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ServerProcess } from "../faults/server-process.ts";

const bin = fileURLToPath(new URL("../../packages/cli/bin/rescind.js", import.meta.url));

/** Stops it cleanly. */
export async function stop(server: ServerProcess): Promise<void> {
  server.signal("SIGTERM");
  assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output);
  server.disconnect();
}

export interface Settings {
  readonly data: string;
  readonly database?: string | undefined;
  readonly masterKey?: string | undefined;
}

export interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningVerb {
  readonly ended: Promise<Ending>;
  /** Ends it at once, as a crash would. */
  kill(): void;
}

/** Runs a verb on this data; its JSON. */
export async function verb(
  args: readonly string[],
  settings: Settings,
): Promise<Readonly<Record<string, unknown>>> {
  const ending = await verbEnding([...args, "--json"], settings);
  assert.equal(ending.status, 0, ending.stderr);
  return JSON.parse(ending.stdout) as Record<string, unknown>; // the command's own JSON
}

export function verbEnding(args: readonly string[], settings: Settings): Promise<Ending> {
  return startVerb(args, settings).ended;
}

/** Runs the built command, as it is installed; one that is to be killed, for example. */
export function startVerb(args: readonly string[], settings: Settings): RunningVerb {
  const { masterKey } = settings;
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("RESCIND_"));
  const key = masterKey === undefined ? {} : { RESCIND_MASTER_KEY: masterKey };
  const child = spawn(process.execPath, [bin, ...args, ...flagsOf(args, settings)], {
    env: { ...Object.fromEntries(own), ...key },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { ended: endingOf(child), kill: () => void child.kill("SIGKILL") };
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr, status] = await Promise.all([
    child.stdout === null ? "" : text(child.stdout),
    child.stderr === null ? "" : text(child.stderr),
    closed,
  ]);
  return { status, stdout, stderr };
}

function flagsOf([name]: readonly string[], { data, database }: Settings): string[] {
  if (name === "migrate") return [];
  return ["--data", data, ...(database === undefined ? [] : ["--database", database])];
}
