// The first schema: the log and its head, the audit chain, tokens, grants, registration. DESIGN.md section 4.
// Row ids are time-ordered primary keys, so that tables of tokens only ever grow at their end; the fewest indexes
// that are read. Hashes are base64url as on the wire, digests are bytes. `_s` are seconds, `_ms` milliseconds.

import { rule } from "./0001-rule.ts";
import type { Migration } from "./migration.ts";

const zeroHash = "A".repeat(43);

const sqlite = `
-- One row. Every order updates it, so it serialises them: commit order is number order, without gaps. The longest
-- lives stand here too, because raising them must serialise with orders: otherwise an order could be given a too
-- early "expires" while a longer-lived token is on its way.
CREATE TABLE feed_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  audit_number INTEGER NOT NULL,
  audit_hash TEXT NOT NULL,
  last_order INTEGER,
  floor_seq INTEGER NOT NULL,
  floor_hash TEXT NOT NULL,
  longest_access INTEGER NOT NULL,
  longest_grant INTEGER NOT NULL
) STRICT;
INSERT INTO feed_head VALUES (1, 0, '${zeroHash}', 0, '${zeroHash}', NULL, 0, '${zeroHash}', 0, 0);

-- Registration changes without taking the head's lock. "issuer" is the one this database belongs to.
CREATE TABLE catalog (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, issuer TEXT) STRICT;
INSERT INTO catalog VALUES (1, 0, NULL);

CREATE TABLE upkeep (one INTEGER PRIMARY KEY CHECK (one = 1), seen_s INTEGER, paused_until_s INTEGER) STRICT;
INSERT INTO upkeep VALUES (1, NULL, NULL);

CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  unit TEXT,
  issuer TEXT,
  value TEXT,
  client TEXT,
  fp TEXT,
  before_s INTEGER,
  suspend INTEGER NOT NULL DEFAULT 0,
  expires_s INTEGER,
  lifts INTEGER,
  ack INTEGER NOT NULL DEFAULT 0,
  hash TEXT NOT NULL,
  final INTEGER NOT NULL DEFAULT 0,
  liftable INTEGER NOT NULL DEFAULT 0,
  lifted_by INTEGER,
  keep_until_s INTEGER,
  at_ms INTEGER NOT NULL,
  order_id INTEGER
) STRICT;
CREATE INDEX entries_unit ON entries (unit, value);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  order_id INTEGER,
  seq INTEGER,
  lifts INTEGER,
  at_ms INTEGER NOT NULL,
  action TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  content TEXT NOT NULL,
  feed_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  idempotency TEXT
) STRICT;
CREATE UNIQUE INDEX audit_order ON audit (order_id) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX audit_idempotency ON audit (idempotency) WHERE idempotency IS NOT NULL;
CREATE INDEX audit_lifts ON audit (lifts) WHERE lifts IS NOT NULL;

CREATE TABLE clients (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE client_origins (origin TEXT NOT NULL, client_id TEXT NOT NULL, PRIMARY KEY (origin, client_id))
  STRICT, WITHOUT ROWID;

CREATE TABLE consumer_keys (
  key_id TEXT PRIMARY KEY,
  row_id INTEGER,
  client_id TEXT NOT NULL REFERENCES clients (client_id),
  digest BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX consumer_keys_client ON consumer_keys (client_id);

CREATE TABLE resources (resource TEXT PRIMARY KEY, definition TEXT NOT NULL, changed_at_ms INTEGER NOT NULL) STRICT;

CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  used_for TEXT NOT NULL,
  alg TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  retired_at_ms INTEGER
) STRICT;

CREATE TABLE secrets (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;

CREATE TABLE grants (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  scope TEXT NOT NULL,
  audience TEXT,
  session_id TEXT,
  auth_time INTEGER,
  offline INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL,
  claims TEXT
) STRICT;
CREATE INDEX grants_subject ON grants (subject, id);
CREATE INDEX grants_client ON grants (client_id, id);

CREATE TABLE access_tokens (
  id INTEGER PRIMARY KEY,
  digest BLOB,
  client_id TEXT NOT NULL,
  grant_id INTEGER,
  subject TEXT NOT NULL,
  session_id TEXT,
  key_id TEXT,
  kid TEXT,
  scope TEXT NOT NULL,
  audience TEXT,
  rev INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL,
  grant_iat INTEGER,
  auth_time INTEGER,
  offline INTEGER NOT NULL,
  lineage TEXT NOT NULL,
  claims TEXT
) STRICT;
CREATE INDEX access_tokens_grant ON access_tokens (grant_id, id) WHERE grant_id IS NOT NULL;
CREATE INDEX access_tokens_client ON access_tokens (client_id, id);

CREATE TABLE refresh_tokens (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  grant_id INTEGER NOT NULL,
  key_id TEXT,
  rev INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL,
  spent_at_ms INTEGER,
  successor_id INTEGER,
  successor_sealed BLOB
) STRICT;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id, id);

CREATE TABLE assertions (digest BLOB PRIMARY KEY, expires_s INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX assertions_expires ON assertions (expires_s);

CREATE TABLE answers (
  idempotency TEXT PRIMARY KEY,
  request TEXT NOT NULL,
  sealed BLOB NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE last_used (kind TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (kind, id))
  STRICT, WITHOUT ROWID;
${rule}`;

/** The same tables in PostgreSQL's types, and the functions that SQLite gets from the program. */
const postgres = `
${sqlite
  .replace(rule, "")
  .replaceAll(/\) STRICT, WITHOUT ROWID;|\)\n {2}STRICT, WITHOUT ROWID;/g, ");")
  .replaceAll(") STRICT;", ");")
  .replaceAll(" INTEGER", " BIGINT")
  .replaceAll(" BLOB", " BYTEA")}

CREATE FUNCTION rescind_now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE AS
  $$ SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) $$;
CREATE FUNCTION rescind_from_base64url(text TEXT) RETURNS BYTEA LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT decode(translate(text, '-_', '+/') || repeat('=', (4 - length(text) % 4) % 4), 'base64') $$;
CREATE FUNCTION rescind_to_base64url(bytes BYTEA) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT translate(encode(bytes, 'base64'), '+/=' || chr(10), '-_') $$;
CREATE FUNCTION rescind_length_prefixed(text TEXT) RETURNS BYTEA LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT int4send(octet_length(convert_to(text, 'UTF8'))) || convert_to(text, 'UTF8') $$;
CREATE FUNCTION rescind_chain(prev TEXT, seq BIGINT, members BYTEA) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT rescind_to_base64url(sha256(
       rescind_from_base64url(prev) || rescind_length_prefixed(CAST(seq AS TEXT)) || members)) $$;
CREATE FUNCTION rescind_audit_chain(prev TEXT, number BIGINT, seq BIGINT, feed_hash TEXT, record BYTEA)
  RETURNS TEXT LANGUAGE sql IMMUTABLE AS
  $$ SELECT rescind_to_base64url(sha256(
       rescind_from_base64url(prev) || rescind_length_prefixed(CAST(number AS TEXT))
       || rescind_length_prefixed(coalesce(CAST(seq AS TEXT), '')) || rescind_from_base64url(feed_hash) || record)) $$;
${rule}`;

export const first: Migration = { number: 1, sqlite, postgres };
