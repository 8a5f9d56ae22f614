// The benchmark's side of the load process.

import type { ChildProcess } from "node:child_process";
import { startFile, stop } from "../pinned-process.ts";
import type { Command, Reply, Round, RoundResult } from "./round.ts";

type Sent = {
  readonly [Kind in Command["kind"]]: Omit<Extract<Command, { kind: Kind }>, "id">;
}[Command["kind"]];

export class LoadGenerator {
  readonly #child: ChildProcess = startFile("load", "./load-process.ts");
  #number = 0;

  /**
   * Runs a round.
   * @throws Error if it could not be run to its end
   */
  async run(round: Round): Promise<RoundResult> {
    const result = await this.#ask({ kind: "round", round });
    if (result === undefined) throw new Error("the load process gave no result");
    return result;
  }

  /** Puts tokens into a queue, in place of what it held. */
  async fill(queue: string, tokens: readonly string[]): Promise<void> {
    await this.#ask({ kind: "fill", queue, tokens });
  }

  async close(): Promise<void> {
    await stop(this.#child);
  }

  #ask(command: Sent): Promise<RoundResult | undefined> {
    const id = this.#number++;
    return new Promise((resolve, reject) => {
      const heard = (reply: Reply): void => {
        if (reply.id !== id) return;
        this.#child.off("message", heard).off("exit", ended);
        if (reply.kind === "done") resolve(reply.result);
        else reject(new Error(reply.message));
      };
      const ended = (): void => reject(new Error("the load process ended"));
      this.#child.on("message", heard).once("exit", ended);
      this.#child.send({ ...command, id });
    });
  }
}
