// Refresh tokens and their rotation: compare-and-set on `spent_at_ms`, so that of any number of callers one wins.
// What remains of a spent one stays to recognise replay. RFC 6749 section 6, RFC 9700 section 4.14.

import type { RowId } from "@rescind/core";
import { formatId } from "@rescind/core";
import { Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import { grantRow } from "../grant-ids.ts";
import type { FoundRefreshToken, NewAccessToken, NewRefreshToken, Rotation } from "../store.ts";
import { insertToken, livesOf, storeAccessToken } from "./access-tokens.ts";
import { takeGrant } from "./grants.ts";
import { onlyRow, takeHead, withinLongest } from "./head.ts";
import { takeUser, userColumns } from "./users.ts";

const insertedIfRotated = insertToken("FROM refresh_tokens s WHERE s.id = $22 AND s.successor_id = $23");

// Made once: a text that is put together anew for each look-up is compared by all its letters each time.
const foundById = `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(t.id AS TEXT), CAST(t.grant_id AS TEXT), t.key_id, t.rev, t.iat, t.exp, t.spent_at_ms,
        t.successor_sealed, CASE WHEN s.spent_at_ms IS NULL THEN 0 ELSE 1 END, t.digest,
        CAST(g.id AS TEXT), g.client_id, g.subject, g.scope, g.audience, g.session_id, g.auth_time, g.offline,
        g.iat, g.exp, g.claims, g.amr, ${userColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN refresh_tokens t ON t.id = $1
        LEFT JOIN refresh_tokens s ON s.id = t.successor_id
        LEFT JOIN grants g ON g.id = t.grant_id
        LEFT JOIN users u ON u.subject = g.subject`;

export async function findRefreshToken(db: Database, id: RowId): Promise<FoundRefreshToken> {
  const rows = await db.executor.read({ sql: foundById, params: [BigInt(id)] });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, token: undefined, grant: undefined, user: undefined };
  const token = {
    id: columns.text(),
    grantId: formatId("grant", columns.text()),
    keyId: columns.optionalText(),
    rev: columns.whole(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
    spentAtMs: columns.optionalWhole(),
    successorSealed: columns.optionalBytes(),
    successorSpent: columns.flag(),
    digest: columns.bytes(),
  };
  if (columns.isNull()) return { head, token, grant: undefined, user: undefined };
  const grant = takeGrant(columns);
  return { head, token, grant, user: columns.isNull() ? undefined : takeUser(columns) };
}

export async function rotate(db: Database, rotation: Rotation): Promise<"rotated" | "spent-already"> {
  await withinLongest(db, livesOf(rotation.access));
  const spent = BigInt(rotation.spent);
  const successor = BigInt(rotation.successor.token.id);
  const results = await db.executor.apply([
    {
      sql: `UPDATE refresh_tokens SET spent_at_ms = rescind_now_ms(), successor_id = $2, successor_sealed = $3
        WHERE id = $1 AND spent_at_ms IS NULL RETURNING 1`,
      params: [spent, successor, rotation.sealed],
    },
    ...storeAccessToken(rotation.access, {
      sql: insertedIfRotated,
      params: [spent, successor],
    }),
    // If that was stored: asked of its own table, SQLite would put the row into another one first.
    {
      sql: `INSERT INTO refresh_tokens (id, digest, grant_id, key_id, rev, iat, exp)
        SELECT $1, $2, $3, $4, $5, $6, $7 FROM access_tokens t WHERE t.id = $8`,
      params: [...refreshTokenParams(rotation.successor), BigInt(rotation.access.token.id)],
    },
  ]);
  return results[0]?.length === 1 ? "rotated" : "spent-already";
}

export async function issueKeeping(
  db: Database,
  refresh: RowId,
  expiresAt: number,
  access: NewAccessToken,
): Promise<void> {
  await withinLongest(db, livesOf(access));
  await db.executor.apply([
    {
      sql: "UPDATE refresh_tokens SET exp = $2 WHERE id = $1 AND exp < $2",
      params: [BigInt(refresh), expiresAt],
    },
    ...storeAccessToken(access),
  ]);
}

/** The statement that appends a refresh token. */
export function storeRefreshToken(refresh: NewRefreshToken): Statement {
  return {
    sql: `INSERT INTO refresh_tokens (id, digest, grant_id, key_id, rev, iat, exp)
      VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    params: refreshTokenParams(refresh),
  };
}

/** In the order of `storeRefreshToken`. */
export function refreshTokenParams({ token, digest }: NewRefreshToken): SqlValue[] {
  const { id, grantId, keyId, rev, issuedAt, expiresAt } = token;
  return [BigInt(id), digest, grantRow(grantId), orNull(keyId), rev, issuedAt, expiresAt];
}
