// What the main thread and the writer's thread say to each other. Statements' texts cross once and then go by number.

import type { Row, SqlValue } from "../executor.ts";
import type { Failure } from "./failure.ts";

export interface WriterSettings {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly reserveBytes: number;
}

/** A statement's number and its parameters. */
export type SentStatement = readonly [text: number, params: readonly SqlValue[]];

export interface SentIntention {
  readonly statements: readonly SentStatement[];
  readonly urgent: boolean;
}

export type ToWriter =
  | {
      readonly kind: "batch";
      readonly texts: readonly string[];
      readonly intentions: readonly SentIntention[];
    }
  | { readonly kind: "close" };

/** Rows of each statement of an intention; a failure if nothing of it was done. */
export type Outcome = readonly (readonly Row[])[] | Failure;

export type FromWriter =
  | { readonly kind: "done"; readonly outcomes: readonly Outcome[]; readonly broken: Failure | undefined }
  | { readonly kind: "closed" };

export function isFailure(outcome: Outcome): outcome is Failure {
  return "code" in outcome;
}
