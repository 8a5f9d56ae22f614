// What an order reaches, counted over live tokens, for people: before it is made or, ignoring its own entry, after.
// Counting gives way between windows and stops at a time limit; then the counts are lower bounds.

import { setImmediate } from "node:timers/promises";
import { formatId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Affected, CountRequest } from "../store.ts";
import { type Walk, walksOf } from "./affected-walks.ts";
import { onlyRow } from "./head.ts";
import { countEnding } from "./subscription-ends.ts";

/** Rows of a window: so many that it takes a turn of a few milliseconds, since others wait for it. */
const windowRows = { first: 50, most: 2_000 };
const turnMs = 4;

interface Tally {
  readonly grants: Set<string>;
  readonly clients: Map<string, { accessTokens: number; refreshTokens: number }>;
  accessTokens: number;
  refreshTokens: number;
  sessions: number;
}

export async function countAffected(db: Database, request: CountRequest): Promise<Affected> {
  const tally: Tally = {
    grants: new Set(),
    clients: new Map(),
    accessTokens: 0,
    refreshTokens: 0,
    sessions: 0,
  };
  const exact = await countInto(db, request, tally);
  const byClient = [];
  for (const [clientId, counts] of tally.clients)
    byClient.push({ clientId, ...counts, lastUsedAtMs: await lastUse(db, clientId) });
  const { grants, accessTokens, refreshTokens, sessions } = tally;
  const subscriptions = await countSubscriptions(db, request);
  return { grants: grants.size, accessTokens, refreshTokens, sessions, subscriptions, exact, byClient };
}

/**
 * False if it stopped before everything was counted. The longest turn is not counted as time spent: a machine that stood
 * still once has counted nothing in it, and a unit with few tokens is to be told as it is.
 */
async function countInto(db: Database, request: CountRequest, tally: Tally): Promise<boolean> {
  const began = performance.now();
  let [looked, longest] = [began, 0];
  let length = windowRows.first;
  const ours = request.unit.issuer === (db.issuer ?? request.unit.issuer);
  for (const walk of walksOf(request.unit, request.fp, ours)) {
    for (let after = 0n; ; ) {
      const turn = performance.now();
      const last = await countWindow(db, { walk, request, after, length }, tally);
      length = nextLength(length, performance.now() - turn);
      if (last === undefined) break;
      after = last;
      const isTooMuch =
        tally.accessTokens + tally.refreshTokens > (request.atMost ?? Number.POSITIVE_INFINITY);
      const now = performance.now();
      longest = Math.max(longest, now - looked);
      looked = now;
      if (isTooMuch || now - began - longest > request.limitMs) return false;
      await setImmediate();
    }
  }
  return true;
}

/** A grant may have one token or thousands, so the last window says how long the next one may be. */
function nextLength(length: number, tookMs: number): number {
  const fitting = Math.floor((length * turnMs) / Math.max(tookMs, 0.01));
  return Math.max(1, Math.min(fitting, 2 * length, windowRows.most));
}

interface Window {
  readonly walk: Walk;
  readonly request: CountRequest;
  readonly after: bigint;
  readonly length: number;
}

/** Counts the window after a place into the tally; its last place, undefined if there was nothing left. */
async function countWindow(
  db: Database,
  { walk, request, after, length }: Window,
  tally: Tally,
): Promise<bigint | undefined> {
  const { at, ignoring, before } = request;
  const rows = await db.executor.read({
    sql: walk.sql,
    params: [after, length, Math.floor(at), ignoring ?? null, before ?? null, ...walk.params],
  });
  let last: bigint | undefined;
  for (const row of rows) {
    const columns = new Columns(row);
    const clientId = columns.text();
    const grant = columns.optionalText();
    const place = BigInt(columns.text());
    if (last === undefined || place > last) last = place;
    const tokens = columns.whole();
    if (tokens === 0) continue;
    if (walk.counts === "sessions") {
      tally.sessions += tokens;
      continue;
    }
    const counts = tally.clients.get(clientId) ?? { accessTokens: 0, refreshTokens: 0 };
    counts[walk.counts] += tokens;
    tally[walk.counts] += tokens;
    tally.clients.set(clientId, counts);
    if (grant !== undefined) tally.grants.add(formatId("grant", grant));
  }
  return last;
}

/** After the order: those that it ended. */
async function countSubscriptions(db: Database, request: CountRequest): Promise<number> {
  const { ignoring, at } = request;
  const statement =
    ignoring === undefined
      ? countEnding(request, at)
      : {
          sql: `SELECT count(*) FROM subscriptions WHERE cancelled_by = (
              SELECT a.number FROM entries e JOIN audit a ON a.order_id = e.order_id WHERE e.seq = $1)`,
          params: [ignoring],
        };
  return statement === undefined ? 0 : new Columns(onlyRow(await db.executor.read(statement))).whole();
}

async function lastUse(db: Database, clientId: string): Promise<number | undefined> {
  const [row] = await db.executor.read({
    sql: "SELECT u.at_ms FROM last_used u WHERE u.kind = 'client' AND u.id = $1",
    params: [clientId],
  });
  return row === undefined ? undefined : new Columns(row).whole();
}
