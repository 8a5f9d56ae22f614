// Device codes (RFC 8628): the same habits as in the first schema.

import type { Migration } from "./migration.ts";

const sqlite = `
-- "code_id" is the code that a person's yes has made.
CREATE TABLE device_codes (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  user_digest BLOB NOT NULL UNIQUE,
  client_id TEXT NOT NULL,
  parameters TEXT,
  rev INTEGER NOT NULL,
  iat INTEGER NOT NULL,
  exp INTEGER NOT NULL,
  interval_s INTEGER NOT NULL,
  polled_at_ms INTEGER,
  denied INTEGER NOT NULL,
  code_id INTEGER
) STRICT;
`;

const postgres = sqlite
  .replaceAll(") STRICT;", ");")
  .replaceAll(" INTEGER", " BIGINT")
  .replaceAll(" BLOB", " BYTEA");

export const devices: Migration = { number: 6, sqlite, postgres };
