// Opaque tokens that were made elsewhere and came under management: found by the digest of their whole text, since no
// row id of ours stands in it. In all else they are access tokens like others.

import type { Database } from "../database.ts";
import type { FoundAccessToken, NewAccessToken, TokenDigest } from "../store.ts";
import { findToken, insertToken, livesOf, readAccessToken, storeAccessToken } from "./access-tokens.ts";
import { withinLongest } from "./head.ts";

const insertedIfNew = insertToken("FROM imported_tokens i WHERE i.digest = $22 AND i.token_id = $23");
const foundByText = findToken(`imported_tokens i ON i.digest = $1
        LEFT JOIN access_tokens t ON t.id = i.token_id`);

export async function importToken(
  db: Database,
  made: NewAccessToken & { readonly digest: TokenDigest },
): Promise<boolean> {
  await withinLongest(db, livesOf(made));
  const known = [made.digest, BigInt(made.token.id)];
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO imported_tokens (digest, token_id) VALUES ($1, $2)
        ON CONFLICT (digest) DO NOTHING RETURNING 1`,
      params: known,
    },
    ...storeAccessToken(made, {
      sql: insertedIfNew,
      params: known,
    }),
  ]);
  return results[0]?.length === 1;
}

export async function findImportedToken(db: Database, digest: TokenDigest): Promise<FoundAccessToken> {
  return readAccessToken(db, foundByText, digest);
}
