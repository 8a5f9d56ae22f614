// What the main thread and a worker of `--workers N` say to each other.

import type { MessagePort } from "node:worker_threads";
import type { Configuration } from "../configuration.ts";
import type { Measured } from "../metrics.ts";

/** What a worker is started with. */
export interface WorkerStart {
  readonly configuration: Configuration;
  /** From 1. */
  readonly number: number;
  /** The way to the writer of an SQLite file; none where each worker has connections of its own. */
  readonly writer: MessagePort | undefined;
  /** Where compiled code is kept; a thread does not know it by itself. */
  readonly compileCache: string | undefined;
}

export type ToWorker =
  /** Those before it are prepared: what they made on a first start is there. */
  | { readonly kind: "prepare" }
  /** All are prepared. */
  | { readonly kind: "listen" }
  | { readonly kind: "stop" }
  | { readonly kind: "measure"; readonly round: number }
  /** What all workers measured, in answer to `gather`. */
  | { readonly kind: "gathered"; readonly of: number; readonly all: readonly Measured[] };

export type FromWorker =
  | { readonly kind: "prepared" }
  | { readonly kind: "listening" }
  /** It could not start, or its database failed. */
  | { readonly kind: "failed"; readonly failure: WorkerFailure }
  | { readonly kind: "gather"; readonly of: number }
  | { readonly kind: "measured"; readonly round: number; readonly measured: Measured };

/** An error as it goes from thread to thread: its class does not. */
export interface WorkerFailure {
  readonly message: string;
  readonly why: string | undefined;
  readonly code: string | undefined;
  readonly isConfiguration: boolean;
}
