// One connection in use: a round at a time, and whatever the server says meanwhile. Lost connections are not mended here.

import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import type { Statement } from "../executor.ts";
import { type Connected, end } from "./primary.ts";
import { type Prepared, Round, type RoundEnd } from "./round.ts";

export interface SessionEnd extends RoundEnd {
  /** What the server warned of, with the place of the statement it was doing. */
  readonly warnings: readonly { readonly place: number; readonly message: string }[];
}

/** Milliseconds for a round of any length. The server's own limits are shorter, but none covers a commit. */
const longestAnswerMs = 20_000;

/** Whether statements may be prepared under names; where it is not said, if no pooler stands between. */
export interface Names {
  allowed: boolean | undefined;
}

export class Session {
  /** The server's process; undefined behind a pooler, which gives this connection one of many. */
  readonly process: number | undefined;
  readonly #client: pg.Client;
  readonly #names: Names;
  readonly #prepared: Prepared | undefined;
  #round: Round | undefined;
  #warnings: { place: number; message: string }[] = [];
  #late: Promise<void> | undefined;
  #isOpen = true;

  constructor({ client, process }: Connected, names: Names) {
    this.process = process;
    this.#client = client;
    this.#names = names;
    this.#prepared = (names.allowed ?? process !== undefined) ? new Map() : undefined;
    client.on("end", () => {
      this.#isOpen = false;
    });
    client.on("error", () => {
      this.#isOpen = false;
    });
    client.on("notice", ({ severity, message }) => {
      if (severity === "WARNING" && this.#round !== undefined)
        this.#warnings.push({ place: this.#round.doneSoFar, message: message ?? "" });
    });
    client.connection.on("parseComplete", () => this.#round?.handleParseComplete());
  }

  /** False once the connection is known to be lost. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The answer to the last round is overdue; until it comes, nothing else can be asked. */
  get isLate(): boolean {
    return this.#late !== undefined;
  }

  /** The statements in one round trip; never rejects. One at a time. An answer that takes too long is an error. */
  run(statements: readonly Statement[]): Promise<SessionEnd> {
    const ended = new Promise<SessionEnd>((resolve) => {
      this.#warnings = [];
      const round = new Round(statements, this.#prepared, (end) => {
        this.#round = undefined;
        this.#late = undefined;
        resolve({ ...end, warnings: this.#warnings });
      });
      this.#round = round;
      this.#client.query(round);
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<SessionEnd>((resolve) => {
      timer = setTimeout(() => {
        this.#late = ended.then(() => {});
        const error = new Error(`the server did not answer within ${longestAnswerMs} ms`);
        resolve({ done: [], tags: [], error, warnings: [] });
      }, longestAnswerMs);
    });
    return Promise.race([ended, late]).finally(() => clearTimeout(timer));
  }

  /** Waits so long for an overdue answer; whether it came. */
  async answers(withinMs: number): Promise<boolean> {
    await Promise.race([this.#late, pause(withinMs)]);
    return !this.isLate;
  }

  /** This connection is closed, and no other prepares statements under names either. */
  giveUpNames(): void {
    this.#names.allowed = false;
    this.abandon();
  }

  /** Lets the server go on with what it does, but waits for it no longer. */
  abandon(): void {
    this.#isOpen = false;
    this.#late = undefined;
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await end(this.#client);
  }
}
