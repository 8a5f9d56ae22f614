// What the writer's thread and those that write through it say to each other. Statements' texts cross once on each way
// and then go by number. Intentions and outcomes go in one flat array each, and all bytes of a batch in one buffer, since
// every object that is copied to another thread costs more than what is in it.

import type { MessagePort } from "node:worker_threads";
import type { Row, SqlValue, Statement } from "../executor.ts";
import type { Failure } from "./failure.ts";

export interface WriterSettings {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly reserveBytes: number;
}

/**
 * Of each intention: how many statements, 1 where it is urgent; and of each statement its number, how many parameters,
 * and these. In place of bytes stands undefined, and then how many there are in the buffer.
 */
export interface SentBatch {
  readonly kind: "batch";
  readonly texts: readonly string[];
  readonly flat: readonly Flat[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type ToWriter =
  | SentBatch
  /** From who started the writer: another thread speaks by this port from now on. */
  | { readonly kind: "connect"; readonly port: MessagePort }
  | { readonly kind: "close" };

type Flat = SqlValue | undefined;

export interface Intention {
  readonly statements: readonly Statement[];
  readonly urgent: boolean;
}

/** Rows of each statement of an intention; a failure if nothing of it was done. */
export type Outcome = readonly (readonly Row[])[] | Failure;

export type FromWriter =
  /**
   * Of each intention, for each statement how many rows, and of each row how many columns, and these; or -1 for a
   * failure, and what is in it.
   */
  | { readonly kind: "done"; readonly flat: readonly SqlValue[] }
  /** The disk or the file failed, in a batch or beside it; what was answered stands. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Another thread may have appended to the log. */
  | { readonly kind: "appended" }
  | { readonly kind: "closed" };

const failed = -1;
const none: readonly Row[] = [];

/** @param numberOf a text's number, which the other side knows or is told in the same message */
export function sentIntentions(
  intentions: readonly Intention[],
  numberOf: (text: string) => number,
): Pick<SentBatch, "flat" | "bytes"> {
  const flat: Flat[] = [];
  const parts: Uint8Array[] = [];
  for (const { statements, urgent } of intentions) {
    flat.push(statements.length, urgent ? 1 : 0);
    for (const { sql, params } of statements) {
      flat.push(numberOf(sql), params.length);
      for (const value of params)
        if (!(value instanceof Uint8Array)) flat.push(value);
        else {
          flat.push(undefined, value.length);
          parts.push(value);
        }
    }
  }
  return { flat, bytes: joined(parts) };
}

/** @param texts those that the other side has told so far, by their numbers */
export function receivedIntentions({ flat, bytes }: SentBatch, texts: readonly string[]): Intention[] {
  const intentions: Intention[] = [];
  let at = 0;
  let byte = 0;
  const whole = () => Number(flat[at++]);
  while (at < flat.length) {
    const count = whole();
    const urgent = whole() === 1;
    const statements: Statement[] = [];
    for (let statement = 0; statement < count; statement++) {
      const sql = texts[whole()] ?? "";
      const params: SqlValue[] = [];
      for (let left = whole(); left > 0; left--) {
        const value = flat[at++];
        if (value !== undefined) params.push(value);
        else {
          const from = byte;
          byte += whole();
          params.push(bytes.subarray(from, byte));
        }
      }
      statements.push({ sql, params });
    }
    intentions.push({ statements, urgent });
  }
  return intentions;
}

export function sentOutcomes(outcomes: readonly Outcome[]): SqlValue[] {
  const flat: SqlValue[] = [];
  for (const outcome of outcomes) {
    if (isFailure(outcome)) flat.push(failed, outcome.message, outcome.code);
    else
      for (const rows of outcome) {
        flat.push(rows.length);
        for (const row of rows) {
          flat.push(row.length);
          for (const value of row) flat.push(value);
        }
      }
  }
  return flat;
}

/** @param counts how many statements each intention had */
export function receivedOutcomes(flat: readonly SqlValue[], counts: Iterable<number>): Outcome[] {
  const outcomes: Outcome[] = [];
  let at = 0;
  for (const count of counts) {
    if (flat[at] === failed) {
      outcomes.push({ message: String(flat[at + 1]), code: Number(flat[at + 2]) });
      at += 3;
      continue;
    }
    const results: (readonly Row[])[] = [];
    for (let statement = 0; statement < count; statement++) {
      const rows = Number(flat[at++]);
      if (rows === 0) results.push(none);
      else results.push(takeRows(rows));
    }
    outcomes.push(results);
  }
  return outcomes;

  function takeRows(count: number): Row[] {
    const rows: Row[] = [];
    for (let row = 0; row < count; row++) {
      const columns = Number(flat[at++]);
      rows.push(flat.slice(at, at + columns));
      at += columns;
    }
    return rows;
  }
}

export function isFailure(outcome: Outcome): outcome is Failure {
  return "code" in outcome;
}

/** In a buffer of its own, so that nothing else goes along to the other thread. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
