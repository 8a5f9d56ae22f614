// Nodes: which of the 256 node numbers in row ids is whose, until when, and up to which time it may make ids. Only
// PostgreSQL has more than one; under SQLite the number is given at the start.

import type { Migration } from "./migration.ts";

const sqlite = "";

const postgres = `
-- "ids_from_ms" and "ids_below_ms" bound the times (milliseconds since 2025) that the holder may put into ids. Each
-- range begins where the one before it of the same number ended, so that no id is made twice, whatever clocks do.
CREATE TABLE nodes (
  node BIGINT PRIMARY KEY,
  holder TEXT,
  lease_until_ms BIGINT NOT NULL,
  ids_from_ms BIGINT NOT NULL,
  ids_below_ms BIGINT NOT NULL
);
INSERT INTO nodes (node, holder, lease_until_ms, ids_from_ms, ids_below_ms)
  SELECT n, NULL, 0, 0, 0 FROM generate_series(0, 255) n;

CREATE FUNCTION rescind_refuse_standby() RETURNS BIGINT LANGUAGE plpgsql VOLATILE COST 1 AS
  $$ BEGIN RAISE EXCEPTION 'this server is in recovery, only the primary is asked' USING ERRCODE = '25006'; END $$;
-- Called by every statement that reads the head with what it decides about: a standby never answers one.
CREATE OR REPLACE FUNCTION rescind_now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE COST 1 AS
  $$ SELECT CASE WHEN pg_is_in_recovery() THEN rescind_refuse_standby()
       ELSE CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) END $$;
`;

export const nodes: Migration = { number: 4, sqlite, postgres };
