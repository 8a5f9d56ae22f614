// Verifiers of other processes, each at a node of its own through a proxy of its own, so that both can be taken away.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { VerifierOptions } from "@rescind/verifier";
import { startTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";

export interface ChildSettings {
  readonly options: Omit<VerifierOptions, "fetch" | "clock" | "persist">;
  readonly reachedAt: string;
}

export interface ChildQuestion {
  readonly id: number;
  readonly token?: string | undefined;
  /** Milliseconds by which the wall clock is off from now on. */
  readonly clockStep?: number | undefined;
}

export interface ChildAnswer {
  readonly id: number;
  /** "accepted", or the code of the rejection. */
  readonly verdict: string;
  readonly position: number;
  readonly hash: string;
  readonly fresh: boolean;
  readonly standing: number;
}

export interface VerifierSettings {
  readonly name: string;
  readonly options: ChildSettings["options"];
  /** The port of the node that it asks. */
  readonly port: number;
  readonly nodeFlags?: readonly string[] | undefined;
}

export class HistoryVerifier {
  readonly name: string;
  readonly proxy: TcpProxy;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: ChildAnswer) => void>();
  #asked = 0;

  private constructor(name: string, proxy: TcpProxy, child: ChildProcess) {
    this.name = name;
    this.proxy = proxy;
    this.#child = child;
    child.on("message", (answer: ChildAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** Resolves once it decides. */
  static async start({ name, options, port, nodeFlags = [] }: VerifierSettings): Promise<HistoryVerifier> {
    const proxy = await startTcpProxy();
    proxy.leadTo(port);
    const settings: ChildSettings = { options: { ...options, name }, reachedAt: proxy.url };
    const child = fork(fileURLToPath(new URL("verifier-child.ts", import.meta.url)), {
      // Without the condition `source`: what was built, which starts faster, like the nodes.
      execArgv: ["--no-warnings", ...nodeFlags],
      env: { ...process.env, VERIFIER_SETTINGS: JSON.stringify(settings) },
    });
    const verifier = new HistoryVerifier(name, proxy, child);
    try {
      await Promise.race([verifier.#answer(0), ended(child)]);
      return verifier;
    } catch (cause) {
      await verifier.close();
      throw cause;
    }
  }

  ask(question: Omit<ChildQuestion, "id">): Promise<ChildAnswer> {
    const id = ++this.#asked;
    const answer = this.#answer(id);
    this.#child.send({ ...question, id });
    return answer;
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  async close(): Promise<void> {
    const isRunning = this.#child.exitCode === null && this.#child.signalCode === null;
    const end = isRunning ? once(this.#child, "exit") : undefined;
    this.#child.kill("SIGKILL");
    await end;
    await this.proxy.close();
  }

  #answer(id: number): Promise<ChildAnswer> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

async function ended(child: ChildProcess): Promise<never> {
  await once(child, "exit");
  throw new Error("a verifier's process ended at its start");
}
