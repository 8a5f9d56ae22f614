// The rule of core/liveness in SQL, but for expiry, which the reader adds (`exp > at`). Common to both engines.
// `coverings` pairs each token with every standing entry that covers it; `live_tokens` are those without one.
// A property test holds both against core.

/** Whether an entry `e` that belongs to a token covers it; the token's `rev` and time of authorisation are named. */
export function covers(rev: string, authorisedAt: string): string {
  return `(e.suspend = 1 OR e.unit IN ('token', 'grant', 'signing-key')
    OR (${rev} < e.seq AND (e.before_s IS NULL OR ${authorisedAt} <= e.before_s)))`;
}

// Entries of a foreign issuer name units of other tokens. Where the database was opened without an issuer, all are ours.
export const standing = `e.kind = 'revoke' AND e.lifted_by IS NULL
    AND e.issuer = coalesce((SELECT c.issuer FROM catalog c), e.issuer)`;

export const rule = `
CREATE VIEW coverings AS
SELECT 'access' AS kind, t.id AS id, e.seq AS seq
  FROM access_tokens t JOIN entries e ON ${standing}
    AND ((e.unit = 'token' AND e.value = 'tid_' || t.id)
      OR (e.unit = 'grant' AND e.value = 'gnt_' || t.grant_id)
      OR (e.unit = 'session' AND e.value = t.session_id)
      OR (e.unit = 'logout' AND e.value = t.session_id AND t.offline = 0)
      OR (e.unit = 'subject' AND e.value = t.subject AND t.subject <> t.client_id)
      OR (e.unit = 'client' AND e.value = t.client_id)
      OR (e.unit = 'subject+client' AND e.value = t.subject AND e.client = t.client_id)
      OR (e.unit = 'key' AND e.value = t.key_id)
      OR (e.unit = 'signing-key' AND e.value = t.kid)
      OR (e.unit = 'all' AND e.value = ''))
    AND ${covers("t.rev", "coalesce(t.grant_iat, t.iat)")}
UNION ALL
SELECT 'access' AS kind, t.id AS id, e.seq AS seq
  FROM access_tokens t JOIN entries e ON e.kind = 'revoke' AND e.lifted_by IS NULL
    AND t.lineage <> '' AND replace(t.lineage, e.fp, '') <> t.lineage
    AND ${covers("t.rev", "coalesce(t.grant_iat, t.iat)")}
UNION ALL
SELECT 'refresh' AS kind, t.id AS id, e.seq AS seq
  FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id JOIN entries e ON ${standing}
    AND ((e.unit = 'token' AND e.value = 'tid_' || t.id)
      OR (e.unit = 'grant' AND e.value = 'gnt_' || t.grant_id)
      OR (e.unit = 'session' AND e.value = g.session_id)
      OR (e.unit = 'logout' AND e.value = g.session_id AND g.offline = 0)
      OR (e.unit = 'subject' AND e.value = g.subject AND g.subject <> g.client_id)
      OR (e.unit = 'client' AND e.value = g.client_id)
      OR (e.unit = 'subject+client' AND e.value = g.subject AND e.client = g.client_id)
      OR (e.unit = 'key' AND e.value = t.key_id)
      OR (e.unit = 'all' AND e.value = ''))
    AND ${covers("t.rev", "g.iat")};

CREATE VIEW live_tokens AS
SELECT 'access' AS kind, t.id AS id, t.client_id AS client_id, t.subject AS subject, t.grant_id AS grant_id, t.exp AS exp
  FROM access_tokens t
  WHERE NOT EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'access' AND c.id = t.id)
UNION ALL
SELECT 'refresh' AS kind, t.id AS id, g.client_id AS client_id, g.subject AS subject, t.grant_id AS grant_id,
    CASE WHEN t.exp < g.exp THEN t.exp ELSE g.exp END AS exp
  FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id
  WHERE t.spent_at_ms IS NULL
    AND NOT EXISTS (SELECT 1 FROM coverings c WHERE c.kind = 'refresh' AND c.id = t.id);
`;
