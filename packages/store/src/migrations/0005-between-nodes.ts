// What several nodes over one database must know of each other: whose turn it is, how often something failed, which
// verifiers have leases. Nothing that decides whether a token is live.

import type { Migration } from "./migration.ts";

const tables = `
CREATE TABLE turns (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_ms INTEGER NOT NULL) STRICT;

CREATE TABLE failures (name TEXT PRIMARY KEY, tally INTEGER NOT NULL, ends_ms INTEGER NOT NULL) STRICT;
CREATE INDEX failures_ends ON failures (ends_ms);

-- A running server that gives leases; "beat" rises with everything that it writes here.
CREATE TABLE fleet_nodes (node TEXT PRIMARY KEY, beat INTEGER NOT NULL, seen_ms INTEGER NOT NULL) STRICT;

-- A verifier as one node knows it. "leased" 1: its lease there may be in force.
CREATE TABLE fleet (
  client_id TEXT NOT NULL,
  verifier TEXT NOT NULL,
  node TEXT NOT NULL,
  beat INTEGER NOT NULL,
  leased INTEGER NOT NULL,
  name TEXT,
  applied_seq INTEGER NOT NULL,
  applied_hash TEXT NOT NULL,
  max_staleness_ms INTEGER NOT NULL,
  last_lease_ms INTEGER NOT NULL,
  checks INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  revoked_uses INTEGER NOT NULL,
  PRIMARY KEY (client_id, verifier, node)
) STRICT;
CREATE INDEX fleet_beat ON fleet (node, beat);
`;

const postgres = tables.replaceAll(") STRICT;", ");").replaceAll(" INTEGER", " BIGINT");

export const betweenNodes: Migration = { number: 5, sqlite: tables, postgres };
