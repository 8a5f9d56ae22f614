// Device codes: found by the device's code, or by the short code that a person types; answered once. RFC 8628. What a
// person allows is a code (codes.ts), made in the transaction that links it here.

import type { DeviceCode, RowId } from "@rescind/core";
import { asMembers, Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { FoundDeviceCode, NewDeviceCode, TokenDigest } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";

export async function issueDeviceCode(db: Database, made: NewDeviceCode): Promise<boolean> {
  const { device, digest, userDigest } = made;
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO device_codes (id, digest, user_digest, client_id, parameters, rev, iat, exp, interval_s, denied)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (user_digest) DO NOTHING RETURNING 1`,
      params: [
        BigInt(device.id),
        digest,
        userDigest,
        device.clientId,
        asMembers(device.parameters),
        device.rev,
        device.issuedAt,
        device.expiresAt,
        device.interval,
      ],
    },
  ]);
  return results[0]?.length === 1;
}

export function findDeviceCode(db: Database, id: RowId): Promise<FoundDeviceCode> {
  return find(db, "d.id = $1", BigInt(id));
}

export function findDeviceCodeByUserCode(db: Database, userDigest: TokenDigest): Promise<FoundDeviceCode> {
  return find(db, "d.user_digest = $1", userDigest);
}

export async function notePoll(
  db: Database,
  { id, atMs, interval }: { readonly id: RowId; readonly atMs: number; readonly interval: number },
): Promise<void> {
  await db.executor.apply([
    {
      sql: `UPDATE device_codes SET polled_at_ms = $2, interval_s = CASE WHEN interval_s < $3 THEN $3 ELSE interval_s END
        WHERE id = $1 AND (polled_at_ms IS NULL OR polled_at_ms < $2)`,
      params: [BigInt(id), atMs, interval],
    },
  ]);
}

export async function denyDeviceCode(db: Database, id: RowId): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: "UPDATE device_codes SET denied = 1 WHERE id = $1 AND code_id IS NULL AND denied = 0 RETURNING 1",
      params: [BigInt(id)],
    },
  ]);
  return results[0]?.length === 1;
}

/** The statement that links the code a person's yes makes, if nobody has answered before. */
export function linkCode(device: RowId, code: RowId): Statement {
  return {
    sql: "UPDATE device_codes SET code_id = $2 WHERE id = $1 AND code_id IS NULL AND denied = 0 RETURNING 1",
    params: [BigInt(device), BigInt(code)],
  };
}

async function find(db: Database, condition: string, parameter: SqlValue): Promise<FoundDeviceCode> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(d.id AS TEXT), d.client_id, d.parameters, d.rev, d.iat, d.exp, d.interval_s, d.polled_at_ms, d.denied,
        CAST(d.code_id AS TEXT), d.digest
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN device_codes d ON ${condition}`,
    params: [parameter],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, device: undefined, digest: undefined };
  const device: DeviceCode = {
    id: columns.text(),
    clientId: columns.text(),
    parameters: columns.members() as Record<string, string>, // parsing boundary: written by `issueDeviceCode`
    rev: columns.whole(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
    interval: columns.whole(),
    polledAtMs: columns.optionalWhole(),
    isDenied: columns.flag(),
    codeId: columns.optionalText(),
  };
  return { head, device, digest: columns.bytes() };
}
