// Very many tokens in a server's SQLite database, written past the server: rows as the store would have written them
// an hour ago, a grant with one refresh token for every ten, of a hundred people at one client.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface SeededTokens {
  /** The server's data folder. */
  readonly data: string;
  readonly clientId: string;
  /** Access tokens; a multiple of ten. */
  readonly tokens: number;
}

/** The subject of the grant of this number. */
export const seededSubject = (grant: number): string => `usr_seeded${grant % 100}`;

/** @returns the id of one of the grants */
export function seedTokens({ data, clientId, tokens }: SeededTokens): string {
  const db = new DatabaseSync(join(data, "rescind.db"), { timeout: 60_000 });
  const nowS = Math.floor(Date.now() / 1000);
  const anHourAgo = BigInt(Date.now() - 3_600_000 - Date.UTC(2025, 0, 1)) << 22n;
  const numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $count)";
  const subject = (grant: string) => `'usr_seeded' || (${grant} % 100)`;
  const times = { $first: anHourAgo, $iat: nowS - 3600 };
  try {
    db.exec("BEGIN IMMEDIATE");
    db.prepare(
      `INSERT INTO grants (id, client_id, subject, scope, audience, offline, iat, exp)
        ${numbers} SELECT $first + i, $client, ${subject("i")}, 'read', NULL, 1, $iat, $exp FROM n`,
    ).run({ ...times, $count: tokens / 10, $client: clientId, $exp: nowS + 30 * 86_400 });
    db.prepare(
      `INSERT INTO refresh_tokens (id, digest, grant_id, rev, iat, exp)
        ${numbers} SELECT $first + tokens.i * 10 + 5, randomblob(32), $first + tokens.i, 0, $iat, $exp FROM n AS tokens`,
    ).run({ ...times, $count: tokens / 10, $exp: nowS + 7 * 86_400 });
    db.prepare(
      `INSERT INTO access_tokens (id, digest, client_id, grant_id, subject, scope, rev, iat, exp, grant_iat, offline, lineage)
        ${numbers} SELECT $first + i, randomblob(32), $client, $first + i / 10, ${subject("(i / 10)")}, 'read', 0,
          $iat, $exp, $iat, 1, '' FROM n`,
    ).run({ ...times, $count: tokens, $client: clientId, $exp: nowS + 80_000 });
    db.exec("COMMIT");
  } finally {
    db.close();
  }
  return `gnt_${anHourAgo}`;
}
