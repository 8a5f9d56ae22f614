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

/**
 * The walks that together meet every token and session of the unit once, those exchanged from what it covers included.
 * Nothing else of a foreign issuer's is stored here.
 * @param ours whether the unit is of this server's issuer
 */
export function walksOf(unit: Unit, fp: string, ours: boolean): Walk[] {
  return ours ? [...ownWalks(unit), ...exchangedWalk(fp, isMetBy(unit))] : exchangedWalk(fp);
}

function ownWalks(unit: Unit): Walk[] {
  const { name, value } = unit;
  switch (name) {
    case "token":
      return oneToken(value);
    case "grant":
      return byGrants("id = $6", [grantRowOrNone(value)]);
    case "subject":
      return [
        sessionWalk("t.subject = $6", [value]),
        ...byGrants("subject = $6", [value]),
        accessWalk(withoutGrant, "1 = 1", [value]),
      ];
    case "subject+client":
      return [
        ...byGrants("subject = $6 AND client_id = $7", [value, unit.client ?? ""]),
        outsideGrants(unit),
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

/** Tokens of a person at a client that no grant has; a client's own have its id for a subject, and it is the index. */
function outsideGrants({ value, client = "" }: Unit): Walk {
  return value === client
    ? accessWalk("t.client_id = $6", "t.subject = $6 AND t.grant_id IS NULL", [client])
    : accessWalk(withoutGrant, "t.client_id = $7", [value, client]);
}

/** Access tokens that the unit's own walks meet; parameters from `$7` on. */
function isMetBy({ name, value, client }: Unit): { sql: string; params: readonly SqlValue[] } {
  switch (name) {
    case "token":
      return { sql: "t.id = $7", params: [rowOfToken(value)] };
    case "grant":
      return { sql: "t.grant_id = $7", params: [grantRowOrNone(value)] };
    case "subject":
      return { sql: "t.subject = $7 AND t.subject <> t.client_id", params: [value] };
    case "subject+client":
      return { sql: "t.subject = $7 AND t.client_id = $8", params: [value, client ?? ""] };
    case "client":
      return { sql: "t.client_id = $7", params: [value] };
    case "session":
      return { sql: "t.session_id = $7", params: [value] };
    case "logout":
      return { sql: "t.session_id = $7 AND t.offline = 0", params: [value] };
    case "key":
      return { sql: "t.key_id = $7", params: [value] };
    case "signing-key":
      return { sql: "t.kid = $7", params: [value] };
    case "all":
      return { sql: "1 = 1", params: [] };
    case "issuer":
      return { sql: "1 = 0", params: [] };
  }
}

const nobody = { sql: "1 = 0", params: [] };

/** Along the tokens that carry the fingerprint in their lineage, without those already met. */
function exchangedWalk(fp: string, met: { sql: string; params: readonly SqlValue[] } = nobody): Walk[] {
  const sql = `SELECT t.client_id, CAST(t.grant_id AS TEXT), CAST(max(t.id) AS TEXT),
      sum(CASE WHEN ${met.sql} THEN 0 WHEN ${liveAccess} THEN 1 ELSE 0 END)
    FROM (SELECT x.token_id FROM exchanged x WHERE x.fp = $6 AND x.token_id > $1 ORDER BY x.token_id LIMIT $2) w
      JOIN access_tokens t ON t.id = w.token_id
    GROUP BY t.client_id, t.grant_id`;
  return [{ counts: "accessTokens", sql, params: [fp, ...met.params] }];
}

function rowOfToken(value: string): bigint | null {
  const rowId = parseId("token", value);
  return rowId === undefined ? null : BigInt(rowId);
}

function oneToken(value: string): Walk[] {
  const params = [rowOfToken(value)];
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

/** The covering entries are looked for row by row; PostgreSQL would otherwise join all tokens with all entries. */
export const each = "LIMIT 1 OFFSET 0";
const withoutGrant = "t.subject = $6 AND t.grant_id IS NULL AND t.subject <> t.client_id";
const liveSession = `(t.last_seen_ms + ${sessionLives.idle * 1000}) / 1000 > $3
      AND (t.opened_at_ms + ${sessionLives.longest * 1000}) / 1000 > $3 AND t.rev < coalesce($4, t.rev + 1)
      AND t.authenticated_at_ms / 1000 <= coalesce($5, t.authenticated_at_ms / 1000)
      AND NOT EXISTS (SELECT 1 FROM session_coverings c WHERE c.id = t.id AND c.seq <> coalesce($4, 0) ${each})`;
const liveAccess = `t.exp > $3 AND t.rev < coalesce($4, t.rev + 1)
      AND coalesce(t.grant_iat, t.iat) <= coalesce($5, coalesce(t.grant_iat, t.iat))
      AND NOT EXISTS (SELECT 1 FROM coverings c
        WHERE c.kind = 'access' AND c.id = t.id AND c.seq <> coalesce($4, 0) ${each})`;
const liveRefresh = `t.spent_at_ms IS NULL AND t.exp > $3 AND g.exp > $3 AND t.rev < coalesce($4, t.rev + 1)
      AND g.iat <= coalesce($5, g.iat)
      AND NOT EXISTS (SELECT 1 FROM coverings c
        WHERE c.kind = 'refresh' AND c.id = t.id AND c.seq <> coalesce($4, 0) ${each})`;
