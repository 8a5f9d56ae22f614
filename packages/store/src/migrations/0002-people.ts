// People: users, one-time links, login sessions, consents, codes, pushed requests; and when a signing key begins to
// sign. The same habits as in the first schema. Names are compared by a column that the program folds, so that both
// engines call the same names equal.

import { covers, standing } from "./0001-rule.ts";
import type { Migration } from "./migration.ts";

const sqlite = `
ALTER TABLE signing_keys ADD COLUMN signs_from_ms INTEGER NOT NULL DEFAULT 0;

-- One row, the first lock of whatever changes a user. "claimed_by" is the change that may go on: the statements after
-- it ask for it, so that a change is all or nothing without branches.
CREATE TABLE people_turn (one INTEGER PRIMARY KEY CHECK (one = 1), claimed_by INTEGER) STRICT;
INSERT INTO people_turn VALUES (1, NULL);

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL UNIQUE,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL UNIQUE,
  name TEXT,
  email TEXT,
  email_key TEXT,
  email_verified INTEGER NOT NULL,
  member_of TEXT,
  claims TEXT,
  roles TEXT NOT NULL,
  status TEXT NOT NULL,
  password_hash TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX users_email ON users (email_key) WHERE email_key IS NOT NULL;
-- Few of many: whoever administers is found among these.
CREATE INDEX users_with_roles ON users (id) WHERE roles <> '';

CREATE TABLE setup_links (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  digest BLOB NOT NULL,
  rev INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL
) STRICT;
CREATE INDEX setup_links_subject ON setup_links (subject);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  subject TEXT NOT NULL,
  rev INTEGER NOT NULL,
  authenticated_at_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  amr TEXT NOT NULL,
  user_agent TEXT,
  address TEXT,
  opened_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_subject ON sessions (subject, id);

CREATE TABLE consents (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  client_id TEXT NOT NULL,
  granted_at_ms INTEGER NOT NULL,
  UNIQUE (subject, client_id)
) STRICT;
CREATE INDEX consents_client ON consents (client_id, id);

CREATE TABLE consent_scopes (consent_id INTEGER NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (consent_id, scope))
  STRICT, WITHOUT ROWID;

CREATE TABLE codes (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  made_by TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  session_row INTEGER NOT NULL,
  redirect_uri TEXT NOT NULL,
  redirect_uri_sent INTEGER NOT NULL,
  scope TEXT NOT NULL,
  audience TEXT,
  nonce TEXT,
  code_challenge TEXT,
  auth_time INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL,
  grant_id INTEGER
) STRICT;

CREATE TABLE pushed_requests (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  client_id TEXT NOT NULL,
  parameters TEXT,
  rev INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL
) STRICT;

-- The rule for login sessions, as "coverings" states it for tokens.
CREATE VIEW session_coverings AS
SELECT t.id AS id, e.seq AS seq
  FROM sessions t JOIN entries e ON ${standing}
    AND ((e.unit IN ('session', 'logout') AND e.value = 'ses_' || t.id)
      OR (e.unit = 'subject' AND e.value = t.subject)
      OR (e.unit = 'all' AND e.value = ''))
    AND ${covers("t.rev", "t.authenticated_at_ms / 1000")};
`;

const postgres = sqlite
  .replaceAll(/\)\s+STRICT, WITHOUT ROWID;/g, ");")
  .replaceAll(") STRICT;", ");")
  .replaceAll(" INTEGER", " BIGINT")
  .replaceAll(" BLOB", " BYTEA");

export const people: Migration = { number: 2, sqlite, postgres };
