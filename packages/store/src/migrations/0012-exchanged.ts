// Exchanged tokens are found without looking at all others: what came of a grant in the end.

import type { Migration } from "./migration.ts";

const text = "CREATE INDEX access_tokens_exchanged ON access_tokens (id) WHERE lineage <> '';";

export const exchanged: Migration = { number: 12, compatibleFrom: 10, sqlite: text, postgres: text };
