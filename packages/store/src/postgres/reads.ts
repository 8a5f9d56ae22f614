// Reads: those of a moment in one round trip, each with a snapshot that is taken after it was asked for.

import type { Row, Statement } from "../executor.ts";
import { StoreUnavailable } from "../store.ts";
import { failureOf, isReadOnly } from "./failure.ts";
import type { Work } from "./lane.ts";
import type { Session } from "./session.ts";

export interface Read extends Work {
  readonly statement: Statement;
  resolve(rows: readonly Row[]): void;
}

const mostTries = 3;

/** One round trip; the reads that are to be tried again. */
export async function readTogether(session: Session, reads: readonly Read[]): Promise<readonly Read[]> {
  const { done, error } = await session.run(reads.map(({ statement }) => statement));
  for (const [place, rows] of done.entries()) reads[place]?.resolve(rows);
  const rest = reads.slice(done.length);
  if (error === undefined) return rest;
  const [first, ...others] = rest;
  const failed = new StoreUnavailable("The database could not be read.", { cause: error });
  switch (failureOf(error)) {
    case "statement":
      first?.reject(failed);
      return others;
    case "names":
      session.giveUpNames();
      return tryAgain(rest, failed);
    case "ended":
    case "conflict":
    case "unknown":
      if (session.isLate) return rejectAll(rest, failed);
      session.abandon();
      return tryAgain(rest, failed);
    case "server":
      if (isReadOnly(error)) session.abandon();
      return rejectAll(rest, failed);
  }
}

function tryAgain(reads: readonly Read[], failed: Error): readonly Read[] {
  for (const { tries, reject } of reads) if (tries >= mostTries) reject(failed);
  return reads.filter(({ tries }) => tries < mostTries);
}

function rejectAll(reads: readonly Read[], error: Error): readonly Read[] {
  for (const { reject } of reads) reject(error);
  return [];
}
