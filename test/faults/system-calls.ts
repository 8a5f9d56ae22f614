// strace on a running server: what it asks of the kernel, and answers put in the kernel's place. Needs the right to
// trace (root, or a kernel that allows a parent to trace its child).

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** strace may not attach here; the message says why. */
export class TracingRefused extends Error {
  override readonly name = "TracingRefused";
}

export interface Tracing {
  /** Lets the server go on by itself. Resolves when strace has ended. */
  detach(): Promise<void>;
}

/**
 * Attaches strace to a process and all of its threads.
 * @param options what to trace or inject, and where to write it
 * @throws TracingRefused
 */
export async function trace(pid: number, options: readonly string[]): Promise<Tracing> {
  const strace = spawn("strace", ["-f", "-p", String(pid), ...options], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => strace.once("close", () => resolve()));
  await attached(strace);
  return {
    async detach() {
      strace.kill("SIGINT");
      await ended;
    },
  };
}

/** strace writes one line when it has attached. */
async function attached(strace: ChildProcess): Promise<void> {
  let said = "";
  const { stderr } = strace;
  if (stderr === null) throw new TypeError("strace was started without a pipe");
  const failed = once(strace, "error").then(([cause]) => {
    throw new TracingRefused("strace cannot be started; install it", { cause });
  });
  const done = once(strace, "close").then(() => {
    throw new TracingRefused(`strace could not attach: ${said.trim()}`);
  });
  const ready = new Promise<void>((resolve) => {
    stderr.on("data", (chunk) => {
      said += String(chunk);
      if (/attached/.test(said)) resolve();
    });
  });
  // Whichever of them comes late must not be an unhandled rejection.
  for (const late of [failed, done]) late.catch(() => undefined);
  await Promise.race([ready, failed, done]);
}
