// Client assertions are good once: their `jti` is remembered until they expire. RFC 7523 section 3.

import { createHash } from "node:crypto";
import { lengthPrefixed } from "@rescind/core";
import type { Database } from "../database.ts";

export async function spendAssertion(
  db: Database,
  clientId: string,
  jti: string,
  expiresAt: number,
): Promise<boolean> {
  // Hashed, so that a client cannot choose how many bytes it makes us keep.
  const digest = createHash("sha256")
    .update(lengthPrefixed([clientId, jti]))
    .digest();
  const results = await db.executor.apply([
    {
      sql: "INSERT INTO assertions (digest, expires_s) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1",
      params: [digest, Math.ceil(expiresAt)],
    },
  ]);
  return results[0]?.length === 1;
}
