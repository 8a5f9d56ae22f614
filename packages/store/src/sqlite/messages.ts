// What the writer's thread and those that write through it say to each other. Statements' texts cross once on each way
// and then go by number.

import type { MessagePort } from "node:worker_threads";
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
  /** From who started the writer: another thread speaks by this port from now on. */
  | { readonly kind: "connect"; readonly port: MessagePort }
  | { readonly kind: "close" };

/** Rows of each statement of an intention; a failure if nothing of it was done. */
export type Outcome = readonly (readonly Row[])[] | Failure;

export type FromWriter =
  | { readonly kind: "done"; readonly outcomes: readonly Outcome[]; readonly broken: Failure | undefined }
  /** Another thread may have appended to the log. */
  | { readonly kind: "appended" }
  | { readonly kind: "closed" };

export function isFailure(outcome: Outcome): outcome is Failure {
  return "code" in outcome;
}
