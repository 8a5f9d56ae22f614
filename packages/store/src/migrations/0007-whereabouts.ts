// Where the database lives, and what a restore has left to do.

import type { Migration } from "./migration.ts";

const sqlite = `
-- One row. "restored" is a restore whose epoch has not begun, "moved" where another database goes on with this one's
-- log, "home" where the database lives; the first and last as JSON.
CREATE TABLE whereabouts (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch_seq INTEGER NOT NULL,
  restored TEXT,
  moved TEXT,
  home TEXT
) STRICT;
INSERT INTO whereabouts VALUES (1, 0, NULL, NULL, NULL);
`;

const postgres = sqlite.replaceAll(") STRICT;", ");").replaceAll(" INTEGER", " BIGINT");

export const whereabouts: Migration = { number: 7, sqlite, postgres };
