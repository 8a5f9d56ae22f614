// The processes of the demonstration: started with the Node that runs this, stopped by signal, their output kept.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface Process {
  readonly name: string;
  /** What it printed so far. */
  output(): string;
  /** Resolves when the URL answers 200; rejects if the process ends before. */
  answering(url: string): Promise<void>;
  /** Hears every line of its standard output from now on. */
  onLine(listener: (line: string) => void): void;
  /** Resolves when it has ended well; rejects when it has failed. */
  ended(): Promise<void>;
  /** Asks it to end, and ends it after 10 seconds. */
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a file of the repository. `environment` is all it gets of RESCIND_ variables. */
export function startProcess(
  name: string,
  args: readonly string[],
  environment: Record<string, string>,
): Process {
  const inherited = Object.entries(process.env).filter(([variable]) => !variable.startsWith("RESCIND_"));
  const child = spawn(process.execPath, ["--conditions=source", ...args], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  return {
    name,
    output: () => output,
    answering: (url) => answering(name, child, url),
    onLine: (listener) => void createInterface({ input: child.stdout }).on("line", listener),
    ended: () => ended(name, child),
    stop: () => stop(child),
  };
}

async function answering(name: string, child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (hasEnded(child)) throw failureOf(name, child);
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // Not listening yet.
    }
    await pause(10);
  }
}

async function ended(name: string, child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode !== 0) throw failureOf(name, child);
}

function failureOf(name: string, child: ChildProcess): Error {
  return new Error(`${name} ended with ${child.signalCode ?? `status ${child.exitCode}`}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(kill);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "rescind-demo-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
