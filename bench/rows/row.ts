// One row of the table: the same work asked of both sides, and proof that it was done.

import type { Contender } from "../contenders/contender.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { Round, RoundResult } from "../load/round.ts";

/** One side of a row, ready to be measured. */
export interface Prepared {
  readonly round: Omit<Round, "connections" | "requests">;
  /** Outside of what is timed, before each round: what its requests use up. */
  supply?(requests: number): Promise<void>;
  /** Outside of what is timed, after each round: what does not hold of the tokens of this round, in words. */
  prove(result: RoundResult): Promise<readonly string[]>;
}

export interface Row {
  readonly name: string;
  readonly title: string;
  /** How many times the peer's rate DESIGN.md section 9 asks for. */
  readonly atLeast: number;
  /** Distinct tokens that are made once for the row; nothing where it needs none. */
  readonly tokens?: { readonly full: number; readonly quick: number } | undefined;
  prepare(contender: Contender, load: LoadGenerator, tokens: number): Promise<Prepared>;
}

/** The text member of a JSON answer. */
export function memberOf(body: string | undefined, name: string): string {
  const value: unknown = body === undefined ? undefined : JSON.parse(body)[name];
  if (typeof value !== "string") throw new Error(`no ${name} in ${body}`);
  return value;
}
