// The command line on a server's own data, and a server that is stopped and started around it.

import assert from "node:assert/strict";
import { type Ending, rescind, start } from "../../packages/cli/test/command.ts";
import type { ServerProcess } from "../faults/server-process.ts";

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
  return rescind([...args, ...flagsOf(args, settings)], surroundings(settings));
}

/** Runs one that is to be killed. */
export function startVerb(args: readonly string[], settings: Settings): ReturnType<typeof start> {
  return start([...args, ...flagsOf(args, settings)], surroundings(settings));
}

function flagsOf([name]: readonly string[], { data, database }: Settings): string[] {
  if (name === "migrate") return [];
  return ["--data", data, ...(database === undefined ? [] : ["--database", database])];
}

function surroundings({ masterKey }: Settings): { env: Record<string, string> } {
  return { env: masterKey === undefined ? {} : { RESCIND_MASTER_KEY: masterKey } };
}
