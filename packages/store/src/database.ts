// What every intention is given: the engine, row ids, and the longest lives known so far.

import type { LongestLives } from "@rescind/core";
import type { Executor } from "./executor.ts";
import type { IdSource } from "./row-ids.ts";

/** The stored maxima as this process last saw them. They only rise, so an old value is never too great. */
export class LongestKnown {
  #lives: LongestLives;

  constructor(lives: LongestLives) {
    this.#lives = lives;
  }

  get lives(): LongestLives {
    return this.#lives;
  }

  note(lives: LongestLives): void {
    this.#lives = {
      accessToken: Math.max(this.#lives.accessToken, lives.accessToken),
      grant: Math.max(this.#lives.grant, lives.grant),
    };
  }
}

/** How far each table has been looked through for rows to remove; starts over when it is through. */
export interface PruneCursors {
  accessTokens: bigint;
  grants: bigint;
  codes: bigint;
  deviceCodes: bigint;
  entries: bigint;
}

export interface Database {
  readonly executor: Executor;
  readonly ids: IdSource;
  readonly longest: LongestKnown;
  readonly cursors: PruneCursors;
  /** Whose database this is; undefined where nobody has claimed it: then all entries count as ours. */
  readonly issuer: string | undefined;
  /** Seconds that expired rows stay. */
  readonly graceSeconds: number;
}
