// Authorization codes: one for a transaction, good once. What remains of a spent one stays to recognise replay.
// RFC 6749 section 4.1.2, RFC 9700 section 4.5.

import { type AuthorizationCode, formatId, type RowId } from "@rescind/core";
import { asFlag, asList, asMembers, asWords, Columns, optionalWords, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import { grantRow } from "../grant-ids.ts";
import type { FoundCode, NewCode, Redemption, TokenDigest } from "../store.ts";
import { insertToken, livesOf, storeAccessToken } from "./access-tokens.ts";
import { storeConsent } from "./consents.ts";
import { linkCode } from "./device-codes.ts";
import { grantParams } from "./grants.ts";
import { onlyRow, takeHead, withinLongest } from "./head.ts";
import { lockUser } from "./people-turn.ts";
import { refreshTokenParams } from "./refresh-tokens.ts";
import { sessionColumns, sessionRowOrNone, takeSession } from "./sessions.ts";
import { takeUser, userColumns } from "./users.ts";

const inserted = insertCode("WHERE 1 = 1"); // SQLite would take ON for a join's
const insertedIfLinked = insertCode("FROM device_codes d WHERE d.id = $19 AND d.code_id = $1");
const insertedIfRedeemed = insertToken("FROM codes t WHERE t.id = $22 AND t.grant_id = $23");

export async function issueCode(db: Database, made: NewCode): Promise<"issued" | "used-already"> {
  const { code, digest, transaction, consent, device } = made;
  const locks = consent.length === 0 ? [] : [lockUser(code.subject)];
  const links = device === undefined ? [] : [linkCode(device, code.id)];
  const before = [...locks, ...links];
  const results = await db.executor.apply([
    ...before,
    {
      sql: device === undefined ? inserted : insertedIfLinked,
      params: [
        BigInt(code.id),
        digest,
        transaction,
        code.clientId,
        code.subject,
        sessionRowOrNone(code.sessionId),
        code.redirectUri,
        asFlag(code.redirectUriSent),
        asWords(code.scopes),
        asList(code.audience),
        orNull(code.nonce),
        orNull(code.codeChallenge),
        code.authTime,
        code.rev,
        code.issuedAt,
        code.expiresAt,
        asMembers(code.attributes ?? {}),
        optionalWords(code.amr),
        ...(device === undefined ? [] : [BigInt(device)]),
      ],
    },
    ...storeConsent(db, made),
  ]);
  return results[before.length]?.length === 1 ? "issued" : "used-already";
}

function insertCode(from: string): string {
  return `INSERT INTO codes (id, digest, made_by, client_id, subject, session_row, redirect_uri, redirect_uri_sent,
          scope, audience, nonce, code_challenge, auth_time, rev, iat, exp, attributes, amr)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 ${from}
        ON CONFLICT (made_by) DO NOTHING RETURNING 1`;
}

export async function findCode(db: Database, id: RowId): Promise<FoundCode> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(t.id AS TEXT), t.client_id, t.subject, CAST(t.session_row AS TEXT), t.redirect_uri, t.redirect_uri_sent,
        t.scope, t.audience, t.nonce, t.code_challenge, t.auth_time, t.rev, t.iat, t.exp, CAST(t.grant_id AS TEXT),
        t.attributes, t.amr, t.digest, ${userColumns}, ${sessionColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN codes t ON t.id = $1
        LEFT JOIN sessions s ON s.id = t.session_row
        LEFT JOIN users u ON u.subject = t.subject`,
    params: [BigInt(id)],
  });
  const row = onlyRow(rows);
  const columns = new Columns(row);
  const head = takeHead(columns);
  if (columns.isNull()) return { head, code: undefined, session: undefined, user: undefined };
  const code = takeCode(columns);
  const ofUser = new Columns(row.slice(24));
  const ofSession = new Columns(row.slice(33));
  return {
    head,
    code,
    user: ofUser.isNull() ? undefined : takeUser(ofUser),
    session: ofSession.isNull() ? undefined : takeSession(ofSession),
  };
}

/** The grant's id is this redemption's own, so that it marks the code as spent by it. */
export async function redeemCode(
  db: Database,
  redemption: Redemption,
): Promise<"redeemed" | "spent-already"> {
  const { grant, access, refresh } = redemption;
  const refreshEnd = refresh?.token.expiresAt ?? 0;
  const grantLife = Math.max(grant.expiresAt, refreshEnd) - grant.openedAt;
  await withinLongest(db, { accessToken: livesOf(access).accessToken, grant: grantLife });
  const results = await db.executor.apply([
    {
      sql: "UPDATE codes SET grant_id = $2 WHERE id = $1 AND grant_id IS NULL RETURNING 1",
      params: [BigInt(redemption.code), grantRow(grant.grantId)],
    },
    ...storeFirstTokens(redemption),
  ]);
  return results[0]?.length === 1 ? "redeemed" : "spent-already";
}

/** The grant and its tokens, each only if this redemption spent the code. */
function storeFirstTokens({ code, grant, access, refresh }: Redemption): Statement[] {
  const mine = [BigInt(code), grantRow(grant.grantId)];
  const statements = [
    {
      sql: `INSERT INTO grants (id, client_id, subject, scope, audience, session_id, auth_time, offline, iat, exp, claims,
          amr)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM codes t
        WHERE t.id = $13 AND t.grant_id = $14`,
      params: [...grantParams(grant), ...mine],
    },
    ...storeAccessToken(access, {
      sql: insertedIfRedeemed,
      params: mine,
    }),
  ];
  if (refresh === undefined) return statements;
  const ofRefresh = {
    sql: `INSERT INTO refresh_tokens (id, digest, grant_id, key_id, rev, iat, exp)
      SELECT $1, $2, $3, $4, $5, $6, $7 FROM codes t WHERE t.id = $8 AND t.grant_id = $9`,
    params: [...refreshTokenParams(refresh), ...mine],
  };
  return [...statements, ofRefresh];
}

function takeCode(columns: Columns): AuthorizationCode & { readonly digest: TokenDigest } {
  return {
    id: columns.text(),
    clientId: columns.text(),
    subject: columns.text(),
    sessionId: formatId("session", columns.text()),
    redirectUri: columns.text(),
    redirectUriSent: columns.flag(),
    scopes: columns.words(),
    audience: columns.list(),
    nonce: columns.optionalText(),
    codeChallenge: columns.optionalText(),
    authTime: columns.whole(),
    rev: columns.whole(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
    grantId: publicGrantId(columns.optionalText()),
    attributes: columns.members(),
    amr: columns.optionalWords(),
    digest: columns.bytes(),
  };
}

function publicGrantId(rowId: RowId | undefined): string | undefined {
  return rowId === undefined ? undefined : formatId("grant", rowId);
}
