// Upstream OpenID providers: what is registered, who signs in through them, and the tokens that each sign-in brought
// along, until they are revoked there.

import type { Migration } from "./migration.ts";

const sqlite = `
-- A deleted one stays until the tokens that it gave are dealt with; its "slug" may be taken anew meanwhile.
CREATE TABLE upstreams (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL,
  definition TEXT NOT NULL,
  sealed BLOB,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  deleted_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX upstreams_slug ON upstreams (slug) WHERE deleted_at_ms IS NULL;

CREATE TABLE identities (
  id INTEGER PRIMARY KEY,
  upstream_row INTEGER NOT NULL,
  upstream_subject TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT,
  username TEXT,
  linked_at_ms INTEGER NOT NULL,
  last_used_ms INTEGER,
  UNIQUE (upstream_row, upstream_subject)
) STRICT;
CREATE INDEX identities_subject ON identities (subject, id);

-- "held": whatever hangs on the session keeps it; "pending": to be revoked there; then "revoked", "expired", "left"
-- (the provider has no revocation endpoint) or "dead" (given up). "ended_by" is why it is no longer held.
CREATE TABLE upstream_tokens (
  id INTEGER PRIMARY KEY,
  upstream_row INTEGER NOT NULL,
  subject TEXT NOT NULL,
  session_row INTEGER,
  kind TEXT NOT NULL,
  sealed BLOB,
  status TEXT NOT NULL,
  ended_by TEXT,
  created_at_ms INTEGER NOT NULL,
  expires_s INTEGER,
  attempts INTEGER NOT NULL,
  next_attempt_ms INTEGER NOT NULL,
  claimed_until_ms INTEGER NOT NULL,
  last_result TEXT,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX upstream_tokens_held ON upstream_tokens (id) WHERE status = 'held';
CREATE INDEX upstream_tokens_subject ON upstream_tokens (subject, id) WHERE status = 'held';
CREATE INDEX upstream_tokens_session ON upstream_tokens (session_row) WHERE status = 'held';
CREATE INDEX upstream_tokens_pending ON upstream_tokens (next_attempt_ms, id) WHERE status = 'pending';
CREATE INDEX upstream_tokens_upstream ON upstream_tokens (upstream_row, status, id);
CREATE INDEX upstream_tokens_finished ON upstream_tokens (finished_at_ms) WHERE finished_at_ms IS NOT NULL;

-- One row: the last audit record whose order has been followed to the tokens that it ends.
CREATE TABLE upstream_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL) STRICT;
INSERT INTO upstream_cursor SELECT 1, h.audit_number FROM feed_head h;
`;

const postgres = sqlite
  .replaceAll(") STRICT;", ");")
  .replaceAll(" INTEGER", " BIGINT")
  .replaceAll(" BLOB", " BYTEA");

export const upstreams: Migration = { number: 10, sqlite, postgres };
