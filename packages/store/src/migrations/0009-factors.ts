// Second factors and passkeys, and how people authenticated for what they were given. The same habits as in the first
// schema. Programs of earlier schemas would let in by the password alone whoever has a second factor, and leave it behind
// when its person is deleted: none may go on beside this one.

import type { Migration } from "./migration.ts";

const sqlite = `
CREATE TABLE passkeys (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  credential_id TEXT NOT NULL UNIQUE,
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL,
  transports TEXT NOT NULL,
  device_bound INTEGER NOT NULL,
  backed_up INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_used_ms INTEGER
) STRICT;
CREATE INDEX passkeys_subject ON passkeys (subject, id);

-- "last_step" is the newest time step whose code was used (RFC 6238 section 5.2).
CREATE TABLE totp (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL UNIQUE,
  sealed BLOB NOT NULL,
  last_step INTEGER NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;

-- "set_id" is what the codes that were made together have in common.
CREATE TABLE recovery_codes (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  set_id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX recovery_codes_subject ON recovery_codes (subject, digest);

-- "factors": the ids of what a session was opened with beside the password. "amr": RFC 8176, words.
ALTER TABLE sessions ADD COLUMN factors TEXT;
ALTER TABLE codes ADD COLUMN amr TEXT;
ALTER TABLE grants ADD COLUMN amr TEXT;
ALTER TABLE access_tokens ADD COLUMN amr TEXT;
`;

const postgres = sqlite
  .replaceAll(") STRICT;", ");")
  .replaceAll(" INTEGER", " BIGINT")
  .replaceAll(" BLOB", " BYTEA");

export const factors: Migration = { number: 9, sqlite, postgres };
