// Where the database lives and lived, and whether a position is on its log: what tells a restore. DESIGN.md section 1.

import { type Home, type Place, type Position, restoreCauses } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Executor, Statement } from "../executor.ts";
import type { EndedUnit, PendingRestore, Whereabouts } from "../restores.ts";
import { onlyRow } from "./head.ts";

export async function readWhereabouts(db: Pick<Database, "executor">): Promise<Whereabouts> {
  const rows = await db.executor.read({
    sql: "SELECT w.epoch_seq, w.restored, w.moved, w.home FROM whereabouts w",
    params: [],
  });
  const columns = new Columns(onlyRow(rows));
  return {
    epochSeq: columns.whole(),
    pending: pendingIn(columns.optionalText()),
    moved: columns.optionalText(),
    noted: homeIn(columns.optionalText()),
  };
}

export async function placeOf(
  db: Database,
  { seq, hash }: Position,
): Promise<{ place: Place; head: Position }> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.floor_seq, h.floor_hash, (SELECT e.hash FROM entries e WHERE e.seq = $1)
      FROM feed_head h`,
    params: [seq],
  });
  const columns = new Columns(onlyRow(rows));
  const head = { seq: columns.whole(), hash: columns.text() };
  const floor = { seq: columns.whole(), hash: columns.text() };
  const kept = columns.optionalText();
  const there = [head, floor].find((position) => position.seq === seq)?.hash ?? kept;
  if (there !== undefined) return { place: there === hash ? "on-log" : "off-log", head };
  return { place: seq > floor.seq ? "off-log" : "unknown", head };
}

/** Engines that tell where they live; which do is found out once. */
const tells = new WeakMap<Executor, boolean>();

/** Undefined where the engine has no name of its own, or its role may not ask. Cheap but for the first time. */
export async function readHome(db: Pick<Database, "executor">): Promise<Home | undefined> {
  const { executor } = db;
  if (tells.get(executor) === undefined) {
    const { system, timeline } = await executor.facts();
    tells.set(executor, system !== undefined && timeline !== undefined);
  }
  if (tells.get(executor) !== true) return undefined;
  // As the executor's facts, without what takes longer the larger the database is (postgres/facts.ts).
  const rows = await executor.read({
    sql: `SELECT CAST(s.system_identifier AS TEXT), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
        CASE WHEN current_setting('synchronous_standby_names') = '' THEN 0 ELSE 1 END
      FROM pg_control_system() s`,
    params: [],
  });
  const columns = new Columns(onlyRow(rows));
  return {
    system: columns.text(),
    timeline: Number.parseInt(columns.text(), 16),
    replicated: columns.flag(),
  };
}

export async function noteHome(db: Database, home: Home): Promise<void> {
  await db.executor.apply([{ sql: "UPDATE whereabouts SET home = $1", params: [writtenHome(home)] }]);
}

export async function notePending(db: Database, pending: PendingRestore): Promise<void> {
  await db.executor.apply([pendingStatement(pending)], { urgent: true });
}

/** Goes in the transaction that brings the rows of a backup. One that is pending already counts, whatever its cause. */
export function pendingStatement(pending: PendingRestore): Statement {
  return {
    sql: "UPDATE whereabouts SET restored = $1 WHERE restored IS NULL",
    params: [JSON.stringify(pending)],
  };
}

export function writtenHome(home: Home | undefined): string | null {
  if (home === undefined) return null;
  const { system, timeline, replicated } = home;
  return JSON.stringify({ system, timeline, replicated });
}

function pendingIn(text: string | undefined): PendingRestore | undefined {
  if (text === undefined) return undefined;
  const { cause, atMs, above, keepTokens, ended } = JSON.parse(text) as Record<string, unknown>; // parsing boundary: written by `pendingStatement`
  return {
    cause: restoreCauses.find((known) => known === cause) ?? "verb",
    atMs: Number(atMs),
    above: Number(above),
    keepTokens: keepTokens === true,
    ...(Array.isArray(ended) && { ended: ended as EndedUnit[] }), // as above
  };
}

function homeIn(text: string | undefined): Home | undefined {
  if (text === undefined) return undefined;
  const { system, timeline, replicated } = JSON.parse(text) as Record<string, unknown>; // parsing boundary: written by `writtenHome`
  return { system: String(system), timeline: Number(timeline), replicated: replicated === true };
}
