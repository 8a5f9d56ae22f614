// Access tokens: stored once, appended, never changed; looked up by the row id that stands in the token.

import type { AccessToken, RowId } from "@rescind/core";
import { formatId } from "@rescind/core";
import { asAct, asFlag, asList, asMembers, asWords, Columns, optionalWords, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import { grantRow } from "../grant-ids.ts";
import type { FoundAccessToken, NewAccessToken, TokenDigest } from "../store.ts";
import { onlyRow, takeHead, withinLongest } from "./head.ts";

/** Where a token is stored only if something else was. */
export interface Provided {
  /** The text of `insertToken`, made once. */
  readonly sql: string;
  /** Those of its condition. */
  readonly params: readonly SqlValue[];
}

type StoredAccessToken = AccessToken & { readonly digest: TokenDigest | undefined };

/** The columns of a token as `takeAccessToken` takes them. */
const accessTokenColumns = `CAST(t.id AS TEXT), t.client_id, t.subject, CAST(t.grant_id AS TEXT), t.session_id,
        t.key_id, t.kid, t.scope, t.audience, t.rev, t.iat, t.exp, t.grant_iat, t.auth_time, t.offline, t.lineage,
        t.claims, t.exchanges, t.act, t.amr, t.digest`;
const mostAtOnce = 1000;

export async function issue(db: Database, token: NewAccessToken): Promise<void> {
  await withinLongest(db, livesOf(token));
  await db.executor.apply(storeAccessToken(token));
}

export async function findAccessToken(db: Database, id: RowId): Promise<FoundAccessToken> {
  return readAccessToken(db, foundById, BigInt(id));
}

/** @throws RangeError more than 1,000 */
export async function findAccessTokens(
  db: Database,
  ids: readonly RowId[],
): Promise<{ head: FoundAccessToken["head"]; tokens: Map<RowId, StoredAccessToken> }> {
  if (ids.length > mostAtOnce) throw new RangeError("at most 1,000 tokens are looked up at once");
  // A power of two of places, so that there are few texts to prepare; null equals no id.
  const places = 2 ** Math.ceil(Math.log2(Math.max(ids.length, 1)));
  const params = Array.from({ length: places }, (_, place) => rowOrNone(ids[place]));
  const list = params.map((_, place) => `$${place + 1}`).join(", ");
  const rows = await db.executor.read({ sql: findToken(`access_tokens t ON t.id IN (${list})`), params });
  const tokens = new Map<RowId, StoredAccessToken>();
  for (const row of rows) {
    const columns = new Columns(row.slice(6));
    if (columns.isNull()) continue;
    const token = takeAccessToken(columns);
    tokens.set(token.id, token);
  }
  return { head: takeHead(new Columns(onlyRow(rows))), tokens };
}

/** One token with the head, by a text of `findToken`. */
export async function readAccessToken(
  db: Database,
  sql: string,
  parameter: SqlValue,
): Promise<FoundAccessToken> {
  const columns = new Columns(onlyRow(await db.executor.read({ sql, params: [parameter] })));
  return { head: takeHead(columns), token: columns.isNull() ? undefined : takeAccessToken(columns) };
}

/** The text that reads tokens with the head, by what they are joined by. */
export function findToken(join: string): string {
  return `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(), ${accessTokenColumns}
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN ${join}`;
}

/** The text that appends an access token; `from` is a condition's FROM clause, with parameters from `$22` on. */
export function insertToken(from: string): string {
  return `INSERT INTO access_tokens (id, digest, client_id, grant_id, subject, session_id, key_id, kid, scope,
        audience, rev, iat, exp, grant_iat, auth_time, offline, lineage, claims, exchanges, act, amr)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $21 ${from}`;
}

const inserted = insertToken("");
const foundById = findToken("access_tokens t ON t.id = $1");

/** The statements that append an access token: one, and another where it was exchanged. */
export function storeAccessToken(token: NewAccessToken, provided?: Provided): Statement[] {
  const params = accessTokenParams(token);
  const stored =
    provided === undefined
      ? { sql: inserted, params }
      : { sql: provided.sql, params: [...params, ...provided.params] };
  return token.token.lineage.length === 0 ? [stored] : [stored, storeLineage(token.token.id)];
}

/** How long it lives, against the longest life there may be. */
export function livesOf({ token }: NewAccessToken): { accessToken: number; grant: number } {
  return { accessToken: token.expiresAt - token.issuedAt, grant: 0 };
}

/** One row for each fingerprint (22 letters, a space between) of the token's lineage, if the token is there. */
function storeLineage(id: RowId): Statement {
  return {
    sql: `INSERT INTO exchanged (token_id, fp)
      WITH RECURSIVE parts (id, fp, rest) AS (
        SELECT t.id, substr(t.lineage, 1, 22), substr(t.lineage, 24) FROM access_tokens t
          WHERE t.id = $1 AND t.lineage <> ''
        UNION ALL SELECT p.id, substr(p.rest, 1, 22), substr(p.rest, 24) FROM parts p WHERE p.rest <> '')
      SELECT DISTINCT p.id, p.fp FROM parts p`,
    params: [BigInt(id)],
  };
}

/** In the order of `storeAccessToken`. */
function accessTokenParams({ token, digest }: NewAccessToken): SqlValue[] {
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
    token.exchanges ?? 0,
    asAct(token.act),
    optionalWords(token.amr),
  ];
}

function takeAccessToken(columns: Columns): StoredAccessToken {
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
    exchanges: columns.whole(),
    act: columns.act(),
    amr: columns.optionalWords(),
    digest: columns.optionalBytes(),
  };
}

function rowOrNone(id: RowId | undefined): bigint | null {
  return id === undefined ? null : BigInt(id);
}

function publicGrantId(rowId: RowId | undefined): string | undefined {
  return rowId === undefined ? undefined : formatId("grant", rowId);
}
