// A verifier in a process of its own, so that it can be paused like one on another machine.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { VerifierOptions } from "@rescind/verifier";

export interface VerifierProcess {
  /** "accepted", or the code of the rejection; one question at a time. */
  verdict(token: string): Promise<string>;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** Resolves once the verifier decides. */
export async function startVerifierProcess(options: VerifierOptions): Promise<VerifierProcess> {
  const child = fork(fileURLToPath(new URL("verifier-child.ts", import.meta.url)), {
    execArgv: ["--conditions=source", "--no-warnings"],
    env: { ...process.env, VERIFIER_OPTIONS: JSON.stringify(options) },
  });
  await answerOf(child);
  return {
    async verdict(token) {
      child.send(token);
      return answerOf(child);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async close() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function answerOf(child: ChildProcess): Promise<string> {
  const waiting = new AbortController();
  const ended = once(child, "exit", { signal: waiting.signal }).then(() => {
    throw new Error("the verifier's process ended");
  });
  ended.catch(() => undefined);
  try {
    const [answer] = await Promise.race([once(child, "message"), ended]);
    return String(answer);
  } finally {
    waiting.abort();
  }
}
