// A process of its own with many verifiers in it, as the test that started it sees it.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { VerifierOptions } from "@rescind/verifier";
import type { Reply, Report, Request, Verdicts } from "./messages.ts";

export interface Refusals {
  /** When each verifier refused first: milliseconds of the system's monotonic clock. */
  readonly at: readonly number[];
  /** When the last question was asked that one of them answered by accepting it; 0 if none did. */
  readonly acceptedAt: number;
  readonly verdicts: Verdicts;
}

export interface Host {
  /** Verifiers in it. */
  readonly count: number;
  /** Resolves once every verifier was asked: the verdicts of now, and how to wait until every one refuses. */
  watch(token: string): Promise<{ readonly verdicts: Verdicts; readonly refused: Promise<Refusals> }>;
  /** The verdicts of all verifiers on each token. */
  check(tokens: readonly string[]): Promise<readonly Verdicts[]>;
  /** From now on one verifier after the other is asked about this good token; `report` says what they said. */
  keepAsking(token: string): void;
  report(): Promise<Report>;
  signal(signal: NodeJS.Signals): void;
  close(): Promise<void>;
}

/** Ended with the tests, however these end. */
const started = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

/** Starts a process with so many verifiers; resolves once all of them decide. */
export async function startHost(
  count: number,
  options: VerifierOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<Host> {
  const child = fork(fileURLToPath(new URL("host-child.ts", import.meta.url)), {
    execArgv: ["--conditions=source", "--no-warnings"],
    env: { ...process.env, ...env, HOST: JSON.stringify({ count, options }) },
  });
  started.add(child);
  const ended = once(child, "exit");
  void ended.then(() => started.delete(child));
  const reply = async <K extends Reply["kind"]>(kind: K): Promise<Extract<Reply, { kind: K }>> => {
    const over = new AbortController();
    try {
      for (;;) {
        const said = await Promise.race([
          once(child, "message", { signal: over.signal }),
          ended.then(() => Promise.reject(new Error("the verifiers' process ended"))),
        ]);
        const answer = said[0] as Reply; // sent by host-child.ts
        if (answer.kind === "failed") throw new Error(`the verifiers did not start: ${answer.why}`);
        if (answer.kind === kind) return answer as Extract<Reply, { kind: K }>; // its kind says so
      }
    } finally {
      over.abort();
    }
  };
  const ask = (request: Request): void => void child.send(request);
  await reply("ready");
  return {
    count,
    async watch(token) {
      const watching = reply("watching");
      const refused = reply("refused");
      refused.catch(() => undefined); // whoever asked has given up
      ask({ kind: "watch", token });
      return { verdicts: (await watching).verdicts, refused };
    },
    async check(tokens) {
      const checked = reply("checked");
      ask({ kind: "check", tokens });
      return (await checked).verdicts;
    },
    keepAsking: (token) => ask({ kind: "keep-asking", token }),
    async report() {
      const reported = reply("reported");
      ask({ kind: "report" });
      return (await reported).report;
    },
    signal: (signal) => void child.kill(signal),
    async close() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The sum of verdicts of several hosts. */
export function sum(parts: readonly Verdicts[]): Verdicts {
  const all: Record<string, number> = {};
  for (const part of parts)
    for (const [verdict, count] of Object.entries(part)) all[verdict] = (all[verdict] ?? 0) + count;
  return all;
}
