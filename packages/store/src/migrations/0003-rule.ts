// The rule in SQL, with the tokens that were exchanged found by index: as 0001-rule.ts, but the fingerprints of a
// token's lineage stand in `exchanged`, one row each, and meet the entries there. Common to both engines.

import { covers, standing } from "./0001-rule.ts";

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
SELECT 'access' AS kind, x.token_id AS id, e.seq AS seq
  FROM exchanged x JOIN access_tokens t ON t.id = x.token_id
    JOIN entries e ON e.fp = x.fp AND e.kind = 'revoke' AND e.lifted_by IS NULL
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
