// Access tokens: stored once, appended, never changed; looked up by the row id that stands in the token.

import type { AccessToken, RowId } from "@rescind/core";
import { formatId } from "@rescind/core";
import { asFlag, asList, asMembers, asWords, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import { grantRow } from "../grant-ids.ts";
import type { FoundAccessToken, NewAccessToken, TokenDigest } from "../store.ts";
import { onlyRow, takeHead, withinLongest } from "./head.ts";

export async function issue(db: Database, token: NewAccessToken): Promise<void> {
  await withinLongest(db, livesOf(token));
  await db.executor.apply([storeAccessToken(token)]);
}

export async function findAccessToken(db: Database, id: RowId): Promise<FoundAccessToken> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(t.id AS TEXT), t.client_id, t.subject, CAST(t.grant_id AS TEXT), t.session_id, t.key_id, t.kid,
        t.scope, t.audience, t.rev, t.iat, t.exp, t.grant_iat, t.auth_time, t.offline, t.lineage, t.claims, t.digest
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN access_tokens t ON t.id = $1`,
    params: [BigInt(id)],
  });
  const columns = new Columns(onlyRow(rows));
  return { head: takeHead(columns), token: columns.isNull() ? undefined : takeAccessToken(columns) };
}

/** The statement that appends an access token. */
export function storeAccessToken(token: NewAccessToken): Statement {
  return {
    sql: `INSERT INTO access_tokens (id, digest, client_id, grant_id, subject, session_id, key_id, kid, scope,
        audience, rev, iat, exp, grant_iat, auth_time, offline, lineage, claims)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
    params: accessTokenParams(token),
  };
}

/** In the order of `storeAccessToken`. */
export function accessTokenParams({ token, digest }: NewAccessToken): SqlValue[] {
  return [
    BigInt(token.id),
    orNull(digest),
    token.clientId,
    token.grantId === undefined ? null : grantRow(token.grantId),
    token.subject,
    orNull(token.sessionId),
    orNull(token.keyId),
    orNull(token.kid),
    asWords(token.scopes),
    asList(token.audience),
    token.rev,
    token.issuedAt,
    token.expiresAt,
    orNull(token.grantIat),
    orNull(token.authTime),
    asFlag(token.offline),
    asWords(token.lineage),
    asMembers(token.claims),
  ];
}

/** How long it lives, against the longest life there may be. */
export function livesOf({ token }: NewAccessToken): { accessToken: number; grant: number } {
  return { accessToken: token.expiresAt - token.issuedAt, grant: 0 };
}

function takeAccessToken(columns: Columns): AccessToken & { digest: TokenDigest | undefined } {
  return {
    id: columns.text(),
    clientId: columns.text(),
    subject: columns.text(),
    grantId: publicGrantId(columns.optionalText()),
    sessionId: columns.optionalText(),
    keyId: columns.optionalText(),
    kid: columns.optionalText(),
    scopes: columns.words(),
    audience: columns.list(),
    rev: columns.whole(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
    grantIat: columns.optionalWhole(),
    authTime: columns.optionalWhole(),
    offline: columns.flag(),
    lineage: columns.words(),
    claims: columns.members(),
    digest: columns.optionalBytes(),
  };
}

function publicGrantId(rowId: RowId | undefined): string | undefined {
  return rowId === undefined ? undefined : formatId("grant", rowId);
}
