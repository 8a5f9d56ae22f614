// Passkeys (WebAuthn): public keys of people, found by the id that an authenticator gave. Nothing here is secret.

import type { RowId } from "@rescind/core";
import { asFlag, asWords, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { FoundPasskey, Passkey } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";
import { claimTurn } from "./people-turn.ts";
import { takeUser, userColumns } from "./users.ts";

/** The columns of a passkey, in the order of `takePasskey`. */
export const passkeyColumns = `CAST(k.id AS TEXT), k.subject, k.credential_id, k.public_key, k.sign_count, k.transports,
        k.device_bound, k.backed_up, k.name, k.created_at_ms, k.last_used_ms`;

export async function findPasskey(db: Database, credentialId: string): Promise<FoundPasskey> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        ${passkeyColumns}, ${userColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN passkeys k ON k.credential_id = $1
        LEFT JOIN users u ON u.subject = k.subject`,
    params: [credentialId],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, passkey: undefined, user: undefined };
  const passkey = takePasskey(columns);
  return { head, passkey, user: columns.isNull() ? undefined : takeUser(columns) };
}

/** In turn with other changes of people, so that the count is right and whoever is deleted keeps nothing. */
export async function addPasskey(
  db: Database,
  passkey: Passkey,
  most: number,
): Promise<"added" | "full" | "taken" | "unknown"> {
  const { subject, credentialId } = passkey;
  const known = { sql: "SELECT 1 FROM passkeys k WHERE k.credential_id = $1", params: [credentialId] };
  const results = await db.executor.apply([
    claimTurn(BigInt(db.ids.next())),
    { sql: "SELECT 1 FROM users u WHERE u.subject = $1", params: [subject] },
    known,
    {
      sql: `INSERT INTO passkeys (id, subject, credential_id, public_key, sign_count, transports, device_bound, backed_up,
          name, created_at_ms, last_used_ms)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
        WHERE EXISTS (SELECT 1 FROM users u WHERE u.subject = $2)
          AND (SELECT count(*) FROM passkeys k WHERE k.subject = $2) < $12
        ON CONFLICT DO NOTHING RETURNING 1`,
      params: [
        BigInt(passkey.id),
        subject,
        credentialId,
        passkey.publicKey,
        passkey.signCount,
        asWords(passkey.transports),
        asFlag(passkey.isDeviceBound),
        asFlag(passkey.isBackedUp),
        passkey.name,
        passkey.createdAtMs,
        orNull(passkey.lastUsedMs),
        most,
      ],
    },
  ]);
  if (results[3]?.length === 1) return "added";
  if (results[1]?.length !== 1) return "unknown";
  return results[2]?.length === 1 ? "taken" : "full";
}

export async function renamePasskey(
  db: Database,
  subject: string,
  id: RowId,
  name: string,
): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: "UPDATE passkeys SET name = $3 WHERE id = $1 AND subject = $2 RETURNING 1",
      params: [BigInt(id), subject, name],
    },
  ]);
  return results[0]?.length === 1;
}

export async function usePasskey(
  db: Database,
  id: RowId,
  use: { readonly signCount: number; readonly isBackedUp: boolean; readonly atMs: number },
): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE passkeys SET sign_count = $2, backed_up = $3, last_used_ms = $4
        WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) RETURNING 1`,
      params: [BigInt(id), use.signCount, asFlag(use.isBackedUp), use.atMs],
    },
  ]);
  return results[0]?.length === 1;
}

export async function distrustPasskey(db: Database, id: RowId): Promise<void> {
  await db.executor.apply([
    { sql: "UPDATE passkeys SET sign_count = $2 WHERE id = $1", params: [BigInt(id), aboveEveryCount] },
  ]);
}

/** Authenticators count to 2^32 - 1 (WebAuthn section 6.1). */
const aboveEveryCount = 2 ** 32;

/** Takes the eleven columns of a passkey. */
export function takePasskey(columns: Columns): Passkey {
  return {
    id: columns.text(),
    subject: columns.text(),
    credentialId: columns.text(),
    publicKey: columns.bytes(),
    signCount: columns.whole(),
    transports: columns.words(),
    isDeviceBound: columns.flag(),
    isBackedUp: columns.flag(),
    name: columns.text(),
    createdAtMs: columns.whole(),
    lastUsedMs: columns.optionalWhole(),
  };
}
