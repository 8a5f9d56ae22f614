// Writes: the intentions of a moment in one transaction and one round trip. If one of them fails, the others are done
// without it; what stood in somebody's way is tried again; what may have been committed is never.

import type { Row, Statement } from "../executor.ts";
import { StoreUnavailable } from "../store.ts";
import { Arrangement } from "./arrangement.ts";
import { failureOf, isFatal, isReadOnly } from "./failure.ts";
import { triesTogether, type Work } from "./lane.ts";
import { limits } from "./primary.ts";
import type { Session, SessionEnd } from "./session.ts";

export interface Write extends Work {
  readonly statements: readonly Statement[];
  /** Where two transactions take the same rows, both take them in the order of these. */
  readonly key: string;
  resolve(rows: readonly (readonly Row[])[]): void;
}

export interface WriteSettings {
  /** Done before the intentions, in their transaction. */
  readonly before: readonly Statement[];
  /** Done after the commit. */
  readonly after: readonly Statement[];
}

const mostTries = 6;
const isolation = { sql: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", params: [] };
/**
 * In force whatever the role's or the server's defaults say, and behind a pooler, which drops what was said at the start.
 * What is stronger than "on" stays.
 */
const settings = {
  sql: `SELECT set_config('synchronous_commit',
      CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true),
    set_config('lock_timeout', '${limits.lockMs}', true), set_config('statement_timeout', '${limits.statementMs}', true),
    set_config('idle_in_transaction_session_timeout', '${limits.idleMs}', true)`,
  params: [],
};
const commit = { sql: "COMMIT", params: [] };
const rollback = { sql: "ROLLBACK", params: [] };

/** One transaction; the writes that are to be tried again. */
export async function writeTogether(
  session: Session,
  writes: readonly Write[],
  { before, after }: WriteSettings,
): Promise<readonly Write[]> {
  const ordered = writes.length === 1 ? writes : writes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const first = [isolation, settings, ...before];
  const arrangement = new Arrangement(ordered);
  const statements = [...first, ...arrangement.statements, commit];
  const end = await session.run([...statements, ...after]);
  const commitAt = statements.length - 1;
  if (end.done.length > commitAt) {
    settle(arrangement, end, first.length, commitAt);
    return [];
  }
  const { error } = end;
  if (error === undefined || isUnknown(error, end, commitAt)) return rejectAll(ordered, unknown(error));
  if (session.isOpen && !isFatal(error)) await session.run([rollback]);
  return next(session, ordered, error, arrangement.writesAt(end.done.length - first.length));
}

function settle(arrangement: Arrangement<Write>, end: SessionEnd, first: number, commitAt: number): void {
  const doubt = end.warnings.find(({ place }) => place === commitAt);
  if (end.tags[commitAt] !== "COMMIT" || doubt !== undefined) {
    // "canceling wait for synchronous replication": committed here, and nobody knows whether on the standby.
    rejectAll(arrangement.writes, unknown(new Error(doubt?.message ?? "the transaction was rolled back")));
    return;
  }
  const results = arrangement.resultsOf(end.done.slice(first, commitAt));
  for (const [index, { resolve }] of arrangement.writes.entries()) resolve(results[index] ?? []);
}

/** Nothing was done. What is to be done instead: the writes to be tried again, after the others were rejected. */
function next(
  session: Session,
  writes: readonly Write[],
  error: Error,
  atFault: readonly Write[],
): readonly Write[] {
  const failed = new StoreUnavailable("The database did not confirm the write.", { cause: error });
  switch (failureOf(error)) {
    case "statement":
      if (atFault.length === 0) return rejectAll(writes, failed);
      if (atFault.length > 1) return oneByOne(writes, atFault);
      rejectAll(atFault, failed);
      return writes.filter((write) => !atFault.includes(write));
    case "names":
      session.giveUpNames();
      return tryAgain(writes, failed);
    case "ended":
      session.abandon();
      return tryAgain(writes, failed);
    case "conflict":
      return tryAgain(writes, failed);
    case "server":
      if (isReadOnly(error)) session.abandon();
      return rejectAll(writes, failed);
    case "unknown":
      return rejectAll(writes, unknown(error));
  }
}

function tryAgain(writes: readonly Write[], failed: Error): readonly Write[] {
  for (const { tries, reject } of writes) if (tries >= mostTries) reject(failed);
  return writes.filter(({ tries }) => tries < mostTries);
}

/** The server reached the commit and did not simply refuse it, or the connection was lost without a word. */
function isUnknown(error: Error, end: SessionEnd, commitAt: number): boolean {
  return failureOf(error) === "unknown" || (end.done.length === commitAt && isFatal(error));
}

/** Which of several is at fault is not known: each of them goes by itself. */
function oneByOne(writes: readonly Write[], atFault: readonly Write[]): readonly Write[] {
  for (const write of atFault) write.tries = Math.max(write.tries, triesTogether);
  return writes;
}

function unknown(cause: Error | undefined): StoreUnavailable {
  return new StoreUnavailable("Whether the database committed the write is not known.", { cause });
}

function rejectAll(writes: readonly Write[], error: Error): readonly Write[] {
  for (const { reject } of writes) reject(error);
  return [];
}
