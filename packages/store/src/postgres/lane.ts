// A lane: work that waits, and the few connections that do it. Each takes whatever waits when it is free, so that what
// comes at one moment goes together. Connections are opened when they are needed and opened again when they are lost;
// while none can be had, work is refused soon instead of piling up.

import { setTimeout as pause } from "node:timers/promises";
import { StoreUnavailable } from "../store.ts";
import type { Session } from "./session.ts";

export interface Work {
  /** Goes before what is not, and has twice the places. */
  readonly urgent: boolean;
  readonly sinceMs: number;
  /** Statements. */
  readonly weight: number;
  /** How often it was tried in vain. */
  tries: number;
  reject(error: Error): void;
}

export interface LaneSettings<Some extends Work> {
  readonly mostSessions: number;
  /** Pieces of work that may wait. */
  readonly places: number;
  /** Statements that go together, though one piece of work may have more. */
  readonly mostAtOnce: number;
  connect(): Promise<Session>;
  /** Does the work; what is to be tried again comes back. Never rejects. */
  serve(session: Session, works: readonly Some[]): Promise<readonly Some[]>;
  /** Resolves when a connection that was late has answered, or was given up; soon where the lane is closed. */
  recover(session: Session, isClosed: () => boolean): Promise<void>;
}

/** Tries after which work is done by itself, so that it is not in the way of any other. */
export const triesTogether = 3;
/** Milliseconds that work waits for its turn, and for a connection where there is none. */
const longestWaitMs = 15_000;
const longestOutageMs = 5000;
/** Milliseconds between attempts to connect: doubled each time, up to the last. */
const retry = { firstMs: 50, lastMs: 1000 } as const;

export class Lane<Some extends Work> {
  readonly #settings: LaneSettings<Some>;
  #urgent: Some[] = [];
  #waiting: Some[] = [];
  #sessions = 0;
  readonly #idle: (() => void)[] = [];
  #isScheduled = false;
  #downSinceMs: number | undefined;
  #lastFailure: Error | undefined;
  #isClosed = false;
  readonly #ended: Promise<void>[] = [];

  constructor(settings: LaneSettings<Some>) {
    this.#settings = settings;
  }

  add(work: Some): void {
    const refusal = this.#refusal(work);
    if (refusal !== undefined) {
      work.reject(refusal);
      return;
    }
    (work.urgent ? this.#urgent : this.#waiting).push(work);
    this.#schedule();
  }

  /** Finishes what was accepted, then closes the connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wake of this.#idle.splice(0)) wake();
    await Promise.all(this.#ended);
  }

  #refusal({ urgent }: Some): Error | undefined {
    if (this.#isClosed) return new StoreUnavailable("The database is closed.");
    if (this.#downSinceMs !== undefined && performance.now() - this.#downSinceMs > longestOutageMs)
      return new StoreUnavailable("The database cannot be reached.", { cause: this.#lastFailure });
    return this.#waits >= this.#settings.places * (urgent ? 2 : 1)
      ? new StoreUnavailable("Too much is waiting for the database.")
      : undefined;
  }

  /** Everything of this turn of the event loop goes together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#waits === 0) return;
    const wake = this.#idle.shift();
    if (wake !== undefined) wake();
    else if (this.#sessions < this.#settings.mostSessions && this.#downSinceMs === undefined) {
      this.#sessions += 1;
      this.#ended.push(this.#work());
    }
  }

  /** The life of one connection and those that replace it. */
  async #work(): Promise<void> {
    let session: Session | undefined;
    while (!this.#isDone()) {
      if (this.#waits === 0) {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
        continue;
      }
      if (session?.isOpen !== true) {
        await session?.close();
        session = await this.#connected();
        continue;
      }
      const works = this.#take();
      if (works.length === 0) continue;
      this.#goAgain(await this.#settings.serve(session, works));
      if (session.isLate) await this.#recover(session);
    }
    await session?.close();
  }

  get #waits(): number {
    return this.#urgent.length + this.#waiting.length;
  }

  #isDone(): boolean {
    return this.#isClosed && this.#waits === 0;
  }

  /** Tries until there is one, with pauses; undefined where the lane closes meanwhile. */
  async #connected(): Promise<Session | undefined> {
    for (let pauseMs: number = retry.firstMs; ; pauseMs = Math.min(2 * pauseMs, retry.lastMs)) {
      try {
        const session = await this.#settings.connect();
        this.#downSinceMs = undefined;
        return session;
      } catch (error) {
        this.#lastFailure = error instanceof Error ? error : new Error(String(error));
        this.#downSinceMs ??= performance.now();
      }
      this.#refuseOlder(
        this.#isClosed ? 0 : longestOutageMs,
        () => new StoreUnavailable("The database cannot be reached.", { cause: this.#lastFailure }),
      );
      if (this.#isClosed) return undefined;
      await pause(pauseMs, undefined, { ref: this.#waits > 0 });
    }
  }

  /** Nothing else is taken meanwhile: it would wait for the same. */
  async #recover(session: Session): Promise<void> {
    this.#downSinceMs = Number.NEGATIVE_INFINITY;
    this.#lastFailure = new Error("the server does not answer");
    this.#refuseOlder(0, () => new StoreUnavailable("The database does not answer."));
    await this.#settings.recover(session, () => this.#isClosed);
    this.#downSinceMs = undefined;
  }

  /** What goes together next, without what waited too long. Work that was in the way of others goes by itself. */
  #take(): Some[] {
    this.#refuseOlder(longestWaitMs, () => new StoreUnavailable("The database was too busy for too long."));
    const works: Some[] = [];
    let room = this.#settings.mostAtOnce;
    for (const from of [this.#urgent, this.#waiting]) {
      let count = 0;
      for (const work of from) {
        const isAlone = work.tries >= triesTogether;
        if (works.length + count > 0 && (isAlone || work.weight > room)) break;
        room = isAlone ? 0 : room - work.weight;
        count += 1;
      }
      works.push(...from.splice(0, count));
    }
    return works;
  }

  #goAgain(works: readonly Some[]): void {
    for (const work of works) work.tries += 1;
    this.#urgent.unshift(...works.filter(({ urgent }) => urgent));
    this.#waiting.unshift(...works.filter(({ urgent }) => !urgent));
  }

  #refuseOlder(milliseconds: number, refusal: () => Error): void {
    const since = performance.now() - milliseconds;
    // The oldest come first, but for a few that go again.
    if ((this.#urgent[0]?.sinceMs ?? since) >= since && (this.#waiting[0]?.sinceMs ?? since) >= since) return;
    const stays = (work: Some) => {
      if (work.sinceMs >= since) return true;
      work.reject(refusal());
      return false;
    };
    this.#urgent = this.#urgent.filter(stays);
    this.#waiting = this.#waiting.filter(stays);
  }
}
