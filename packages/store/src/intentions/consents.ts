// Consents: which scopes a person has granted a client. Withdrawing one is an order of unit subject+client, which
// removes what is stored here in its transaction. DESIGN.md section 3.

import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { NewCode } from "../people.ts";
import type { Consent, Order, Page, PageRequest } from "../store.ts";
import { beforeCursor, pageOf } from "./cursor.ts";

export async function consentedScopes(
  db: Database,
  subject: string,
  clientId: string,
): Promise<readonly string[]> {
  const rows = await db.executor.read({
    sql: `SELECT s.scope FROM consents k JOIN consent_scopes s ON s.consent_id = k.id
      WHERE k.subject = $1 AND k.client_id = $2 ORDER BY s.scope`,
    params: [subject, clientId],
  });
  return rows.map((row) => new Columns(row).text());
}

export async function listConsents(
  db: Database,
  filter: { readonly subject?: string | undefined; readonly clientId?: string | undefined },
  page: PageRequest,
): Promise<Page<Consent>> {
  const conditions = ["k.id < $1"];
  const params: SqlValue[] = [beforeCursor(page.cursor), page.limit + 1];
  if (filter.subject !== undefined) conditions.push(`k.subject = $${params.push(filter.subject)}`);
  if (filter.clientId !== undefined) conditions.push(`k.client_id = $${params.push(filter.clientId)}`);
  const rows = await db.executor.read({
    sql: `SELECT CAST(l.id AS TEXT), l.subject, l.client_id, l.granted_at_ms, s.scope
      FROM (SELECT * FROM consents k WHERE ${conditions.join(" AND ")} ORDER BY k.id DESC LIMIT $2) l
        LEFT JOIN consent_scopes s ON s.consent_id = l.id
      ORDER BY l.id DESC, s.scope`,
    params,
  });
  const found = new Map<string, Consent & { scopes: string[] }>();
  for (const row of rows) {
    const columns = new Columns(row);
    const id = columns.text();
    const [subject, clientId, grantedAtMs] = [columns.text(), columns.text(), columns.whole()];
    const consent = found.get(id) ?? { subject, clientId, scopes: [], grantedAtMs };
    found.set(id, consent);
    const scope = columns.optionalText();
    if (scope !== undefined) consent.scopes.push(scope);
  }
  return pageOf(
    [...found].map(([id, item]) => ({ id, item })),
    page.limit,
  );
}

/**
 * The statements that remember the scopes a code was consented to, if the code is there (`lockUser` comes before): not
 * if the consent was withdrawn since the head that the code was made at.
 */
export function storeConsent(db: Database, { code, consent }: NewCode): Statement[] {
  if (consent.length === 0) return [];
  const stands = `EXISTS (SELECT 1 FROM codes t WHERE t.id = $1) AND NOT EXISTS (SELECT 1 FROM entries e
      WHERE e.kind = 'revoke' AND e.unit = 'subject+client' AND e.value = $2 AND e.client = $3 AND e.seq > $4
        AND $5 <= coalesce(e.before_s, $5))`;
  const params = [BigInt(code.id), code.subject, code.clientId, code.rev, code.issuedAt];
  return [
    {
      sql: `INSERT INTO consents (id, subject, client_id, granted_at_ms) SELECT $6, $2, $3, $7 WHERE ${stands}
        ON CONFLICT (subject, client_id) DO UPDATE SET granted_at_ms = excluded.granted_at_ms
          WHERE consents.granted_at_ms < excluded.granted_at_ms`,
      params: [...params, BigInt(db.ids.next()), code.issuedAt * 1000],
    },
    ...consent.map((scope) => ({
      sql: `INSERT INTO consent_scopes (consent_id, scope)
        SELECT k.id, $6 FROM consents k WHERE k.subject = $2 AND k.client_id = $3 AND ${stands}
        ON CONFLICT DO NOTHING`,
      params: [...params, scope],
    })),
  ];
}

/**
 * The statements that go with an order of unit subject+client, if it was numbered; `before` spares later consents. With
 * `scope` that one is forgotten, and the consent where it was the last.
 */
export function removeConsents({ id, unit, before, scope }: Order): Statement[] {
  const covered = `subject = $2 AND client_id = $3 AND granted_at_ms < coalesce($4, granted_at_ms + 1)
    AND EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $1)`;
  const params = [
    BigInt(id),
    unit.value,
    unit.client ?? "",
    before === undefined ? null : (before + 1) * 1000,
  ];
  const scopesOf = `DELETE FROM consent_scopes WHERE consent_id IN (SELECT k.id FROM consents k WHERE ${covered})`;
  if (scope !== undefined)
    return [
      { sql: `${scopesOf} AND scope = $5`, params: [...params, scope] },
      {
        sql: `DELETE FROM consents WHERE ${covered}
          AND NOT EXISTS (SELECT 1 FROM consent_scopes s WHERE s.consent_id = consents.id)`,
        params,
      },
    ];
  return [
    { sql: scopesOf, params },
    { sql: `DELETE FROM consents WHERE ${covered}`, params },
  ];
}

/** The statements that remove every consent of a person, where `condition` (its parameters from `$2` on) holds. */
export function removeAllConsents(
  subject: string,
  condition: string,
  params: readonly SqlValue[],
): Statement[] {
  return [
    {
      sql: `DELETE FROM consent_scopes
        WHERE consent_id IN (SELECT k.id FROM consents k WHERE k.subject = $1) AND ${condition}`,
      params: [subject, ...params],
    },
    { sql: `DELETE FROM consents WHERE subject = $1 AND ${condition}`, params: [subject, ...params] },
  ];
}
