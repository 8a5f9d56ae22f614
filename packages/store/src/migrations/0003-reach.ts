// Revocation in full: exchanged and imported tokens, foreign issuers, webhooks, and histories by client and person. The
// same habits as in the first schema.

import { rule } from "./0003-rule.ts";
import type { Migration } from "./migration.ts";

/** From the unit of an order, for records that do not say whom they are about. */
const toldByUnits = {
  sqlite: `
UPDATE audit SET
    subject = CASE WHEN json_extract(content, '$.unit.name') IN ('subject', 'subject+client')
      THEN json_extract(content, '$.unit.value') END,
    client_id = CASE json_extract(content, '$.unit.name')
      WHEN 'client' THEN json_extract(content, '$.unit.value')
      WHEN 'subject+client' THEN json_extract(content, '$.unit.client') END,
    grant_id = CASE WHEN json_extract(content, '$.unit.name') = 'grant' THEN json_extract(content, '$.unit.value') END
  WHERE action = 'revoke';`,
  postgres: `
UPDATE audit SET
    subject = CASE WHEN CAST(content AS JSON) #>> '{unit,name}' IN ('subject', 'subject+client')
      THEN CAST(content AS JSON) #>> '{unit,value}' END,
    client_id = CASE CAST(content AS JSON) #>> '{unit,name}'
      WHEN 'client' THEN CAST(content AS JSON) #>> '{unit,value}'
      WHEN 'subject+client' THEN CAST(content AS JSON) #>> '{unit,client}' END,
    grant_id = CASE WHEN CAST(content AS JSON) #>> '{unit,name}' = 'grant'
      THEN CAST(content AS JSON) #>> '{unit,value}' END
  WHERE action = 'revoke';`,
};

const tables = `
ALTER TABLE access_tokens ADD COLUMN exchanges INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_tokens ADD COLUMN act TEXT;
-- Tokens of a person without a grant: exchanged ones, imported ones.
CREATE INDEX access_tokens_subject ON access_tokens (subject, id) WHERE grant_id IS NULL AND subject <> client_id;
ALTER TABLE codes ADD COLUMN attributes TEXT;
CREATE INDEX entries_fp ON entries (fp) WHERE fp IS NOT NULL;

-- One row for each fingerprint of a token's lineage, so that it is found by whatever its ancestors belong to.
CREATE TABLE exchanged (token_id INTEGER NOT NULL, fp TEXT NOT NULL, PRIMARY KEY (token_id, fp)) STRICT, WITHOUT ROWID;
CREATE INDEX exchanged_fp ON exchanged (fp, token_id);
INSERT INTO exchanged (token_id, fp)
  WITH RECURSIVE parts (id, fp, rest) AS (
    SELECT t.id, substr(t.lineage, 1, 22), substr(t.lineage, 24) FROM access_tokens t WHERE t.lineage <> ''
    UNION ALL SELECT p.id, substr(p.rest, 1, 22), substr(p.rest, 24) FROM parts p WHERE p.rest <> '')
  SELECT DISTINCT p.id, p.fp FROM parts p;

CREATE TABLE imported_tokens (digest BLOB PRIMARY KEY, token_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX imported_tokens_token ON imported_tokens (token_id);

CREATE TABLE issuers (
  issuer TEXT PRIMARY KEY,
  definition TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;

ALTER TABLE upkeep ADD COLUMN longest_staleness_s INTEGER NOT NULL DEFAULT 0;

-- Whom a record is about, as its content says: for histories of one client or person.
ALTER TABLE audit ADD COLUMN subject TEXT;
ALTER TABLE audit ADD COLUMN client_id TEXT;
ALTER TABLE audit ADD COLUMN grant_id TEXT;
CREATE INDEX audit_subject ON audit (subject, number) WHERE subject IS NOT NULL;
CREATE INDEX audit_client ON audit (client_id, number) WHERE client_id IS NOT NULL;

-- "moved_by" is the batch of events that may go on, while it is stored.
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,
  bound_to TEXT NOT NULL,
  grant_id INTEGER,
  client_id TEXT,
  subject TEXT,
  session_id TEXT,
  offline INTEGER,
  opened_s INTEGER,
  expires_s INTEGER,
  events TEXT NOT NULL,
  sealed BLOB NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  cancelled_by INTEGER,
  moved_by INTEGER
) STRICT;
CREATE INDEX subscriptions_grant ON subscriptions (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX subscriptions_client ON subscriptions (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX subscriptions_subject ON subscriptions (subject) WHERE subject IS NOT NULL;
CREATE INDEX subscriptions_session ON subscriptions (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX subscriptions_expires ON subscriptions (expires_s) WHERE expires_s IS NOT NULL;
CREATE INDEX subscriptions_ended ON subscriptions (cancelled_by) WHERE cancelled_by IS NOT NULL;
CREATE INDEX subscriptions_active ON subscriptions (id) WHERE cancelled_by IS NULL OR cursor < cancelled_by;

-- "turn" 1: waits for those before it of its subscription; 0: sent again, for itself.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  subscription_id INTEGER NOT NULL,
  audit_number INTEGER NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL,
  turn INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  next_attempt_ms INTEGER NOT NULL,
  claimed_until_ms INTEGER NOT NULL,
  last_result TEXT,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX deliveries_subscription ON deliveries (subscription_id, id);
CREATE INDEX deliveries_pending ON deliveries (turn, subscription_id, audit_number, id) WHERE status = 'pending';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE status = 'dead';
CREATE INDEX deliveries_finished ON deliveries (finished_at_ms) WHERE finished_at_ms IS NOT NULL;

DROP VIEW live_tokens;
DROP VIEW coverings;
${rule}`;

const sqlite = `${tables}${toldByUnits.sqlite}`;

const postgres = `${tables
  .replaceAll(/\)\s+STRICT, WITHOUT ROWID;/g, ");")
  .replaceAll(") STRICT;", ");")
  .replaceAll(" INTEGER", " BIGINT")
  .replaceAll(" BLOB", " BYTEA")}${toldByUnits.postgres}`;

export const reach: Migration = { number: 3, sqlite, postgres };
