// What the issuer of this database was called before, while it was on loopback: entries of then have fingerprints under
// that name.

import type { Migration } from "./migration.ts";

const sqlite = `
CREATE TABLE issuer_names (issuer TEXT PRIMARY KEY) STRICT;
`;

const postgres = sqlite.replaceAll(") STRICT;", ");");

export const issuerNames: Migration = { number: 8, compatibleFrom: 7, sqlite, postgres };
