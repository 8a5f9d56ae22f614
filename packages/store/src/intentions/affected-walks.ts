// How the tokens of a unit are walked through for counting: in windows of one index, so that no statement runs long.

import { parseId, sessionLives, type Unit } from "@rescind/core";
import type { SqlValue } from "../executor.ts";
import { grantRowOrNone } from "../grant-ids.ts";
import { sessionRowOrNone } from "./sessions.ts";

/**
 * One statement per window. It groups the window's rows by client and grant: client id, grant's row id, the last
 * place in the group, live tokens reached (a session has neither client nor grant). `$1` is the place after which the window begins, `$2` its length, `$3` the
 * time, `$4` the entry to ignore or null, `$5` `before` or null; `params` are the rest.
 */
export interface Walk {
  readonly counts: "accessTokens" | "refreshTokens" | "sessions";
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** The walks that together meet every token and session of the unit once. A foreign issuer's tokens are not stored here. */
export function walksOf(unit: Unit): Walk[] {
  const { name, value } = unit;
  switch (name) {
    case "token":
      return oneToken(value);
    case "grant":
      return byGrants("id = $6", [grantRowOrNone(value)]);
    case "subject":
      return [sessionWalk("t.subject = $6", [value]), ...byGrants("subject = $6", [value])];
    case "subject+client":
      return [
        ...byGrants("subject = $6 AND client_id = $7", [value, unit.client ?? ""]),
        // A client's own tokens have no grant; their subject is the client's id.
        accessWalk("t.client_id = $7", "t.subject = $6 AND t.grant_id IS NULL", [value, unit.client ?? ""]),
      ];
    case "client":
      return [
        accessWalk("t.client_id = $6", "1 = 1", [value]),
        ...byGrants("client_id = $6", [value]).slice(1),
      ];
    case "session":
      return [oneSession(value), ...scan("t.session_id = $6", "g.session_id = $6", [value])];
    case "logout":
      return [
        oneSession(value),
        ...scan("t.session_id = $6 AND t.offline = 0", "g.session_id = $6 AND g.offline = 0", [value]),
      ];
    case "key":
      return scan("t.key_id = $6", "t.key_id = $6", [value]);
    case "signing-key":
      return [accessWalk("1 = 1", "t.kid = $6", [value])];
    case "all":
      return [...scan("1 = 1", "1 = 1", []), sessionWalk("1 = 1", [])];
    case "issuer":
      return [];
  }
}

function oneToken(value: string): Walk[] {
  const rowId = parseId("token", value);
  const params = [rowId === undefined ? null : BigInt(rowId)];
  return [accessWalk("t.id = $6", "1 = 1", params), refreshWalk("t.id = $6", "1 = 1", params)];
}

function scan(ofAccess: string, ofRefresh: string, params: readonly SqlValue[]): Walk[] {
  return [accessWalk("1 = 1", ofAccess, params), refreshWalk("1 = 1", ofRefresh, params)];
}

/** Along the row ids of access tokens that an index finds; `match` is asked of each. */
function accessWalk(found: string, match: string, params: readonly SqlValue[]): Walk {
  const sql = `SELECT t.client_id, CAST(t.grant_id AS TEXT), CAST(max(t.id) AS TEXT),
      sum(CASE WHEN ${match} AND ${liveAccess} THEN 1 ELSE 0 END)
    FROM (SELECT * FROM access_tokens t WHERE ${found} AND t.id > $1 ORDER BY t.id LIMIT $2) t
    GROUP BY t.client_id, t.grant_id`;
  return { counts: "accessTokens", sql, params };
}

function refreshWalk(found: string, match: string, params: readonly SqlValue[]): Walk {
  const sql = `SELECT g.client_id, CAST(g.id AS TEXT), CAST(max(t.id) AS TEXT),
      sum(CASE WHEN ${match} AND ${liveRefresh} THEN 1 ELSE 0 END)
    FROM (SELECT * FROM refresh_tokens t WHERE ${found} AND t.id > $1 ORDER BY t.id LIMIT $2) t
      JOIN grants g ON g.id = t.grant_id
    GROUP BY g.client_id, g.id`;
  return { counts: "refreshTokens", sql, params };
}

/** Along the row ids of grants that an index finds, with the tokens of each: access tokens, then refresh tokens. */
function byGrants(found: string, params: readonly SqlValue[]): [Walk, Walk] {
  const grants = `(SELECT * FROM grants WHERE ${found} AND id > $1 ORDER BY id LIMIT $2) g`;
  const access = `SELECT g.client_id, CAST(g.id AS TEXT), CAST(max(g.id) AS TEXT),
      sum(CASE WHEN ${liveAccess} THEN 1 ELSE 0 END)
    FROM ${grants} LEFT JOIN access_tokens t ON t.grant_id = g.id
    GROUP BY g.client_id, g.id`;
  const refresh = `SELECT g.client_id, CAST(g.id AS TEXT), CAST(max(g.id) AS TEXT),
      sum(CASE WHEN ${liveRefresh} THEN 1 ELSE 0 END)
    FROM ${grants} LEFT JOIN refresh_tokens t ON t.grant_id = g.id
    GROUP BY g.client_id, g.id`;
  return [
    { counts: "accessTokens", sql: access, params },
    { counts: "refreshTokens", sql: refresh, params },
  ];
}

function oneSession(sessionId: string): Walk {
  return sessionWalk("t.id = $6", [sessionRowOrNone(sessionId)]);
}

/** Along the row ids of login sessions that an index finds. */
function sessionWalk(found: string, params: readonly SqlValue[]): Walk {
  const sql = `SELECT '', CAST(NULL AS TEXT), CAST(max(t.id) AS TEXT), sum(CASE WHEN ${liveSession} THEN 1 ELSE 0 END)
    FROM (SELECT * FROM sessions t WHERE ${found} AND t.id > $1 ORDER BY t.id LIMIT $2) t
    HAVING count(*) > 0`;
  return { counts: "sessions", sql, params };
}

const liveSession = `(t.last_seen_ms + ${sessionLives.idle * 1000}) / 1000 > $3
      AND (t.opened_at_ms + ${sessionLives.longest * 1000}) / 1000 > $3 AND t.rev < coalesce($4, t.rev + 1)
      AND t.authenticated_at_ms / 1000 <= coalesce($5, t.authenticated_at_ms / 1000)
      AND NOT EXISTS (SELECT 1 FROM session_coverings c WHERE c.id = t.id AND c.seq <> coalesce($4, 0))`;
const liveAccess = `t.exp > $3 AND t.rev < coalesce($4, t.rev + 1)
      AND coalesce(t.grant_iat, t.iat) <= coalesce($5, coalesce(t.grant_iat, t.iat))
      AND NOT EXISTS (SELECT 1 FROM coverings c
        WHERE c.kind = 'access' AND c.id = t.id AND c.seq <> coalesce($4, 0))`;
const liveRefresh = `t.spent_at_ms IS NULL AND t.exp > $3 AND g.exp > $3 AND t.rev < coalesce($4, t.rev + 1)
      AND g.iat <= coalesce($5, g.iat)
      AND NOT EXISTS (SELECT 1 FROM coverings c
        WHERE c.kind = 'refresh' AND c.id = t.id AND c.seq <> coalesce($4, 0))`;
