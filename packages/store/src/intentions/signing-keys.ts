// Signing keys: public part in the clear, private part sealed under the master key.

import { signingAlgs } from "@rescind/core";
import { asMembers, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SigningKeyRecord, SigningKeyUse } from "../store.ts";
import { raiseCatalog } from "./clients.ts";

const uses: readonly SigningKeyUse[] = ["access", "id", "feed"];

export async function addSigningKey(db: Database, key: SigningKeyRecord): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO signing_keys (kid, used_for, alg, public_jwk, sealed, created_at_ms, signs_from_ms,
          retired_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      params: [
        key.kid,
        key.use,
        key.alg,
        asMembers(key.publicJwk) ?? "{}",
        key.sealed,
        key.createdAtMs,
        key.signsFromMs,
        orNull(key.retiredAtMs),
      ],
    },
    raiseCatalog(),
  ]);
}

export async function retireSigningKey(db: Database, kid: string, atMs: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE signing_keys SET retired_at_ms = CASE WHEN retired_at_ms < $2 THEN retired_at_ms ELSE $2 END
        WHERE kid = $1 RETURNING 1`,
      params: [kid, atMs],
    },
    raiseCatalog(),
  ]);
  return results[0]?.length === 1;
}

export async function listSigningKeys(db: Database): Promise<readonly SigningKeyRecord[]> {
  const rows = await db.executor.read({
    sql: `SELECT kid, used_for, alg, public_jwk, sealed, created_at_ms, signs_from_ms, retired_at_ms
      FROM signing_keys
      ORDER BY created_at_ms, kid`,
    params: [],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    return {
      kid: columns.text(),
      use: oneOf(uses, columns.text()),
      alg: oneOf(signingAlgs, columns.text()),
      publicJwk: columns.members(),
      sealed: columns.bytes(),
      createdAtMs: columns.whole(),
      signsFromMs: columns.whole(),
      retiredAtMs: columns.optionalWhole(),
    };
  });
}

function oneOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((known) => known === text);
  if (word === undefined) throw new TypeError(`the row holds an unknown word: ${JSON.stringify(text)}`);
  return word;
}
