// Removing what nothing needs any more, always on, in small windows along the row ids. Housekeeping: the rule never
// depends on it. After a jump of the clock nothing is removed for a day. DESIGN.md section 4.

import { setImmediate } from "node:timers/promises";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { firstIdAt } from "../row-ids.ts";
import type { Pruned } from "../store.ts";
import { each } from "./affected-walks.ts";
import { pruneCodes, pruneDeviceCodes, pruneSessionsAndRequests } from "./prune-people.ts";
import { pruneUpstreams } from "./prune-upstreams.ts";
import { pruneWebhooks } from "./prune-webhooks.ts";
import { lastOf } from "./prune-window.ts";

const day = 24 * 60 * 60;
/** Milliseconds in which one call looks through a table. */
const longestPassMs = 200;
/** Seconds by which the clock may step back without that being a jump. */
const smallStep = 60;
const nothing: Pruned = {
  accessTokens: 0,
  refreshTokens: 0,
  grants: 0,
  entries: 0,
  assertions: 0,
  codes: 0,
  deviceCodes: 0,
  sessions: 0,
  setupLinks: 0,
  pushedRequests: 0,
  deliveries: 0,
  upstreamTokens: 0,
};

/** @param at seconds */
export async function prune(db: Database, at: number, limit: number): Promise<Pruned> {
  if (await isPaused(db, at)) return nothing;
  const cut = Math.floor(at) - db.graceSeconds;
  const accessTokens = await untilRemoved(limit, () => pruneAccessTokens(db, cut, limit));
  const refreshTokens: number[] = [];
  const grants = await untilRemoved(limit, () => pruneGrants(db, cut, limit, refreshTokens));
  const codes = await untilRemoved(limit, () => pruneCodes(db, at, limit));
  const deviceCodes = await untilRemoved(limit, () => pruneDeviceCodes(db, at, limit));
  const entries = await untilRemoved(limit, () => pruneEntries(db, at, limit));
  const people = await pruneSessionsAndRequests(db, at, limit);
  const deliveries = await pruneWebhooks(db, at, limit);
  const upstreamTokens = await pruneUpstreams(db, at, limit);
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM assertions WHERE digest IN (
          SELECT s.digest FROM assertions s WHERE s.expires_s < $1 ORDER BY s.expires_s LIMIT $2)
        RETURNING 1`,
      params: [cut, limit],
    },
    {
      sql: `DELETE FROM answers WHERE idempotency IN (
          SELECT s.idempotency FROM answers s WHERE s.at_ms < $1 LIMIT $2)`,
      params: [(at - day) * 1000, limit],
    },
  ]);
  const assertions = results[0]?.length ?? 0;
  return {
    accessTokens,
    refreshTokens: refreshTokens.reduce((a, b) => a + b, 0),
    grants,
    entries,
    assertions,
    codes,
    deviceCodes,
    ...people,
    deliveries,
    upstreamTokens,
  };
}

/**
 * Window after window until so many rows are gone, the time is up, or there is no more. A window answers with the
 * rows it removed, or undefined after the last one.
 */
async function untilRemoved(limit: number, pruneWindow: () => Promise<number | undefined>): Promise<number> {
  const began = performance.now();
  let removed = 0;
  while (removed < limit && performance.now() - began < longestPassMs) {
    const ofWindow = await pruneWindow();
    if (ofWindow === undefined) break;
    removed += ofWindow;
    await setImmediate();
  }
  return removed;
}

/**
 * Notes the time. A step back, or of more than a day forward, is a jump: for a day nobody can say what has really
 * expired.
 */
async function isPaused(db: Database, at: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE upkeep SET
          paused_until_s = CASE WHEN $1 < seen_s - $2 OR $1 > seen_s + $3 THEN $1 + $3 ELSE paused_until_s END,
          seen_s = $1
        RETURNING paused_until_s`,
      params: [Math.floor(at), smallStep, day],
    },
  ]);
  const until = new Columns(results[0]?.[0] ?? []).optionalWhole();
  return until !== undefined && at < until;
}

/**
 * Of the next rows (all of which were issued before `cut`) those that expired before it, with what they are found by:
 * their lineage, and the text of imported ones.
 */
async function pruneAccessTokens(db: Database, cut: number, limit: number): Promise<number | undefined> {
  const after = db.cursors.accessTokens;
  const last = await lastOf(db, {
    sql: `SELECT CAST(max(w.id) AS TEXT) FROM (
        SELECT t.id FROM access_tokens t WHERE t.id > $1 AND t.id < $2 ORDER BY t.id LIMIT $3) w`,
    params: [after, firstIdAt(cut * 1000), limit],
  });
  db.cursors.accessTokens = last ?? 0n;
  if (last === undefined) return undefined;
  const expired = "SELECT t.id FROM access_tokens t WHERE t.id > $1 AND t.id <= $2 AND t.exp < $3";
  const params = [after, last, cut];
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM exchanged WHERE token_id > $1 AND token_id <= $2 AND token_id IN (${expired})`,
      params,
    },
    {
      sql: `DELETE FROM imported_tokens WHERE token_id > $1 AND token_id <= $2 AND token_id IN (${expired})`,
      params,
    },
    { sql: "DELETE FROM access_tokens WHERE id > $1 AND id <= $2 AND exp < $3 RETURNING 1", params },
  ]);
  return results[2]?.length;
}

/**
 * Grants that are over: no access token and no unspent refresh token of them has not expired. They go with all that
 * is left of their refresh tokens; until then the spent ones stay, to recognise replay.
 */
async function pruneGrants(
  db: Database,
  cut: number,
  limit: number,
  refreshTokens: number[],
): Promise<number | undefined> {
  const after = db.cursors.grants;
  const last = await lastOf(db, {
    sql: `SELECT CAST(max(w.id) AS TEXT) FROM (
        SELECT g.id FROM grants g WHERE g.id > $1 AND g.id < $2 ORDER BY g.id LIMIT $3) w`,
    params: [after, firstIdAt(cut * 1000), limit],
  });
  db.cursors.grants = last ?? 0n;
  if (last === undefined) return undefined;
  const over = `SELECT g.id FROM grants g WHERE g.id > $1 AND g.id <= $2
      AND NOT EXISTS (SELECT 1 FROM access_tokens a WHERE a.grant_id = g.id AND a.exp >= $3 ${each})
      AND (g.exp < $3 OR NOT EXISTS (
        SELECT 1 FROM refresh_tokens r WHERE r.grant_id = g.id AND r.spent_at_ms IS NULL AND r.exp >= $3 ${each}))`;
  const params = [after, last, cut];
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM last_used WHERE kind = 'grant' AND id IN (SELECT 'gnt_' || o.id FROM (${over}) o)`,
      params,
    },
    { sql: `DELETE FROM refresh_tokens WHERE grant_id IN (${over}) RETURNING 1`, params },
    { sql: `DELETE FROM grants WHERE id IN (${over}) RETURNING 1`, params },
  ]);
  refreshTokens.push(results[1]?.length ?? 0);
  return results[2]?.length;
}

/** Entries past their time, lowest numbers first; the floor rises to the highest removed. */
async function pruneEntries(db: Database, at: number, limit: number): Promise<number | undefined> {
  const after = db.cursors.entries;
  const last = await lastOf(db, {
    sql: `SELECT CAST(max(w.seq) AS TEXT) FROM (
        SELECT e.seq FROM entries e WHERE e.seq > $1 ORDER BY e.seq LIMIT $2) w`,
    params: [after, limit],
  });
  db.cursors.entries = last ?? 0n;
  if (last === undefined) return undefined;
  const results = await db.executor.apply([
    {
      sql: `UPDATE feed_head SET (floor_seq, floor_hash) = (
          SELECT e.seq, e.hash FROM entries e
          WHERE e.seq > $1 AND e.seq <= $2 AND e.keep_until_s < $3 ORDER BY e.seq DESC LIMIT 1)
        WHERE floor_seq < (SELECT max(e.seq) FROM entries e
          WHERE e.seq > $1 AND e.seq <= $2 AND e.keep_until_s < $3)`,
      params: [after, last, Math.floor(at)],
    },
    {
      sql: "DELETE FROM entries WHERE seq > $1 AND seq <= $2 AND keep_until_s < $3 RETURNING 1",
      params: [after, last, Math.floor(at)],
    },
  ]);
  return results[1]?.length;
}
