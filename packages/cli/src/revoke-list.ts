// Revokes everything that a list names, in calls of the bulk API, a few at a time. Says how far it came if it has to stop:
// what was answered is in force, and repeating it is harmless.

import { randomUUID } from "node:crypto";
import type { BulkRevocation, BulkRevocationAnswer } from "@rescind/admin-api";
import type { Connection } from "./connection.ts";
import { nameOf } from "./lines.ts";
import { patiently } from "./patience.ts";
import { perSecond, showProgress } from "./progress.ts";
import { type Chunk, chunksOf } from "./token-list.ts";

/** Calls at once: the server works on one while the next one is on its way. */
const mostInFlight = 2;
/** Numbers of unknown lines that are told. */
const mostLinesTold = 1_000;

export interface ListOrder {
  readonly path: string;
  /** The first line that counts, from 1. */
  readonly fromLine: number;
  /** How many names there are, where it is known. */
  readonly total: number | undefined;
  readonly settings: Pick<BulkRevocation, "reason" | "note" | "final">;
}

export interface ListSummary {
  readonly revoked: number;
  readonly already: number;
  /** Malformed lines included. */
  readonly unknown: number;
  /** Of the first 1,000 of them. */
  readonly unknown_lines: readonly number[];
  readonly seq: number;
  /** Every name up to this line was answered. */
  readonly up_to_line: number;
  readonly seconds: number;
  readonly per_second: number;
}

export interface ListEnding {
  readonly summary: ListSummary;
  /** Why it stopped before the end. */
  readonly stopped: unknown;
}

type Sent = { readonly chunk: Chunk } & (
  | { readonly answer: BulkRevocationAnswer }
  | { readonly failure: unknown }
);

export async function revokeList(order: ListOrder, connection: Connection): Promise<ListEnding> {
  const began = performance.now();
  const tally = newTally(order);
  const work = { title: `Revoking ${nameOf(order.path)}`, of: "names", total: order.total };
  const progress = await showProgress(work);
  const inFlight: Promise<Sent>[] = [];
  let stopped: unknown;
  let unbroken = true;
  const takeFirst = async (): Promise<void> => {
    const sent = await inFlight.shift();
    if (sent === undefined) return;
    if ("answer" in sent) tally.take(sent.chunk, sent.answer, unbroken);
    else {
      unbroken = false;
      stopped ??= sent.failure;
    }
    progress.reached(tally.done);
  };
  try {
    for await (const chunk of chunksOf(order.path, order.fromLine)) {
      inFlight.push(send(chunk, order, connection));
      if (inFlight.length >= mostInFlight) await takeFirst();
      if (stopped !== undefined) break;
    }
  } catch (error) {
    stopped ??= error;
  }
  while (inFlight.length > 0) await takeFirst();
  progress.end();
  return { summary: tally.summary(performance.now() - began), stopped };
}

async function send(chunk: Chunk, { settings }: ListOrder, { admin }: Connection): Promise<Sent> {
  const { tokens, tokenIds, grantIds } = chunk;
  const names = tokens.length + tokenIds.length + grantIds.length;
  if (names === 0) return { chunk, answer: { revoked: 0, already: 0, unknown: 0, seq: 0, unknown_at: [] } };
  const body = { tokens: [...tokens], token_ids: [...tokenIds], grant_ids: [...grantIds], ...settings };
  const idempotencyKey = randomUUID();
  try {
    return { chunk, answer: await patiently(() => admin.revokeMany({ body, idempotencyKey })) };
  } catch (failure) {
    return { chunk, failure };
  }
}

function newTally({ fromLine }: ListOrder) {
  const counts = { revoked: 0, already: 0, unknown: 0, seq: 0 };
  const unknownLines: number[] = [];
  let upToLine = fromLine - 1;
  return {
    get done(): number {
      return counts.revoked + counts.already + counts.unknown;
    },
    /** @param unbroken whether everything before this chunk was answered too */
    take(chunk: Chunk, answer: BulkRevocationAnswer, unbroken: boolean): void {
      counts.revoked += answer.revoked;
      counts.already += answer.already;
      counts.unknown += answer.unknown + chunk.malformed.length;
      counts.seq = Math.max(counts.seq, answer.seq);
      const lines = [...answer.unknown_at.map((index) => chunk.lines[index] ?? 0), ...chunk.malformed];
      for (const line of lines.sort((a, b) => a - b))
        if (unknownLines.length < mostLinesTold) unknownLines.push(line);
      if (unbroken) upToLine = chunk.upTo;
    },
    /** @param took milliseconds */
    summary(took: number): ListSummary {
      return {
        ...counts,
        unknown_lines: unknownLines,
        up_to_line: upToLine,
        seconds: Math.round(took) / 1000,
        per_second: perSecond(counts.revoked + counts.already + counts.unknown, took),
      };
    },
  };
}
