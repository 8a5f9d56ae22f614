// Removing what nothing needs any more of sessions, codes, links and pushed requests. Housekeeping, as prune.ts.

import { sessionLives } from "@rescind/core";
import type { Database } from "../database.ts";
import { firstIdAt } from "../row-ids.ts";
import type { Pruned } from "../store.ts";
import { lastOf } from "./prune-window.ts";

/** Seconds that a code stays at least: until no transaction that got one can ask for another. */
const transactionsStay = 24 * 60 * 60;
/** Seconds that links and pushed requests stay after their end: nobody lists them. */
const requestsStay = 10 * 60;

/** One transaction. Sessions go when the longest life any of them could have is over. */
export async function pruneSessionsAndRequests(
  db: Database,
  at: number,
  limit: number,
): Promise<Pick<Pruned, "sessions" | "setupLinks" | "pushedRequests">> {
  const openedMs = (Math.floor(at) - db.graceSeconds - sessionLives.longest) * 1000;
  const ended = Math.floor(at) - requestsStay;
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM sessions WHERE id IN (
          SELECT s.id FROM sessions s WHERE s.id < $1 AND s.opened_at_ms < $2 ORDER BY s.id LIMIT $3)
        RETURNING 1`,
      params: [firstIdAt(openedMs), openedMs, limit],
    },
    {
      sql: `DELETE FROM setup_links WHERE id IN (SELECT l.id FROM setup_links l WHERE l.exp < $1 LIMIT $2)
        RETURNING 1`,
      params: [ended, limit],
    },
    {
      sql: `DELETE FROM pushed_requests WHERE id IN (
          SELECT r.id FROM pushed_requests r WHERE r.id < $1 AND r.exp < $2 ORDER BY r.id LIMIT $3)
        RETURNING 1`,
      params: [firstIdAt(ended * 1000), ended, limit],
    },
  ]);
  const [sessions = [], setupLinks = [], pushedRequests = []] = results;
  return {
    sessions: sessions.length,
    setupLinks: setupLinks.length,
    pushedRequests: pushedRequests.length,
  };
}

interface Answered {
  readonly table: "codes" | "device_codes";
  readonly cursor: "codes" | "deviceCodes";
  /** Seconds: what ended before may go. */
  readonly cut: number;
  /** What a row stays for, by the column that names it. */
  readonly staysFor: string;
}

/** Of the next device codes those that expired long ago; an allowed one stays with its code. As `pruneCodes`. */
export function pruneDeviceCodes(db: Database, at: number, limit: number): Promise<number | undefined> {
  const staysFor = "SELECT 1 FROM codes t WHERE t.id = device_codes.code_id";
  const cut = Math.floor(at) - db.graceSeconds;
  return pruneAnswered(db, { table: "device_codes", cursor: "deviceCodes", cut, staysFor }, limit);
}

/**
 * Of the next codes those that expired long ago; a spent one stays while its grant does, to recognise replay.
 * Undefined after the last window.
 */
export function pruneCodes(db: Database, at: number, limit: number): Promise<number | undefined> {
  const staysFor = "SELECT 1 FROM grants g WHERE g.id = codes.grant_id";
  const cut = Math.floor(at) - Math.max(db.graceSeconds, transactionsStay);
  return pruneAnswered(db, { table: "codes", cursor: "codes", cut, staysFor }, limit);
}

async function pruneAnswered(
  db: Database,
  { table, cursor, cut, staysFor }: Answered,
  limit: number,
): Promise<number | undefined> {
  const after = db.cursors[cursor];
  const last = await lastOf(db, {
    sql: `SELECT CAST(max(w.id) AS TEXT) FROM (
        SELECT t.id FROM ${table} t WHERE t.id > $1 AND t.id < $2 ORDER BY t.id LIMIT $3) w`,
    params: [after, firstIdAt(cut * 1000), limit],
  });
  db.cursors[cursor] = last ?? 0n;
  if (last === undefined) return undefined;
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM ${table} WHERE id > $1 AND id <= $2 AND exp < $3 AND NOT EXISTS (${staysFor}) RETURNING 1`,
      params: [after, last, cut],
    },
  ]);
  return results[0]?.length;
}
