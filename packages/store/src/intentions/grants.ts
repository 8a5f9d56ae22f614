// Grants: what a subject gave a client, once. A grant's public id is made from its row's id.

import { formatId, type Grant } from "@rescind/core";
import { asFlag, asList, asMembers, asWords, Columns, optionalWords, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import { grantRow, grantRowOrNone } from "../grant-ids.ts";
import type { Head } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";

export async function findGrant(
  db: Database,
  grantId: string,
): Promise<{ head: Head; grant: Grant | undefined }> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(g.id AS TEXT), g.client_id, g.subject, g.scope, g.audience, g.session_id, g.auth_time, g.offline,
        g.iat, g.exp, g.claims, g.amr
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN grants g ON g.id = $1`,
    params: [grantRowOrNone(grantId)],
  });
  const columns = new Columns(onlyRow(rows));
  return { head: takeHead(columns), grant: columns.isNull() ? undefined : takeGrant(columns) };
}

/** Takes the twelve columns of a grant. */
export function takeGrant(columns: Columns): Grant {
  return {
    grantId: formatId("grant", columns.text()),
    clientId: columns.text(),
    subject: columns.text(),
    scopes: columns.words(),
    audience: columns.list(),
    sessionId: columns.optionalText(),
    authTime: columns.optionalWhole(),
    offline: columns.flag(),
    openedAt: columns.whole(),
    expiresAt: columns.whole(),
    claims: columns.members(),
    amr: columns.optionalWords(),
  };
}

/** The statement that stores a grant. */
export function storeGrant(grant: Grant): Statement {
  return {
    sql: `INSERT INTO grants (id, client_id, subject, scope, audience, session_id, auth_time, offline, iat, exp, claims,
        amr)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    params: grantParams(grant),
  };
}

/** In the order of `storeGrant`. */
export function grantParams(grant: Grant): SqlValue[] {
  return [
    grantRow(grant.grantId),
    grant.clientId,
    grant.subject,
    asWords(grant.scopes),
    asList(grant.audience),
    orNull(grant.sessionId),
    orNull(grant.authTime),
    asFlag(grant.offline),
    grant.openedAt,
    grant.expiresAt,
    asMembers(grant.claims),
    optionalWords(grant.amr),
  ];
}
