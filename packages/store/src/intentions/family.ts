// What came of one grant, for people: the code it was opened with, its refresh tokens, spent ones too, and the tokens
// that were exchanged from it. What was removed as expired is not there any more.

import { setImmediate } from "node:timers/promises";
import type { RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { grantRowOrNone } from "../grant-ids.ts";
import type { FamilyCode, FamilyRefreshToken, GrantFamily } from "../records.ts";
import { firstIdAt } from "../row-ids.ts";
import { lastOf } from "./prune-window.ts";

/** Rows of a kind, the newest ones. */
const most = 200;
/** Exchanged tokens looked at in one turn, and milliseconds of looking. */
const window = 2000;
const longestSearchMs = 300;
/** Milliseconds before its redemption at which a code was made, at most. */
const codesLiveMs = 3_600_000;

/** @param fp the grant's fingerprint, which lineages have */
export async function findFamily(db: Database, grantId: string, fp: string): Promise<GrantFamily> {
  const grant = grantRowOrNone(grantId) ?? 0n;
  const [code, refreshTokens, exchanged] = await Promise.all([
    findCodeOf(db, grant),
    refreshTokensOf(db, grantId, grant),
    exchangedFrom(db, grant, fp),
  ]);
  const isWhole = refreshTokens.length < most && exchanged.isWhole;
  return { code, refreshTokens, exchanged: exchanged.ids, isWhole };
}

async function findCodeOf(db: Database, grant: bigint): Promise<FamilyCode | undefined> {
  const openedMs = Number(grant >> 22n) + Date.UTC(2025, 0, 1);
  const [row] = await db.executor.read({
    sql: `SELECT t.iat, CASE WHEN EXISTS (SELECT 1 FROM device_codes d WHERE d.code_id = t.id) THEN 1 ELSE 0 END
      FROM codes t WHERE t.id > $1 AND t.id < $2 AND t.grant_id = $2 LIMIT 1`,
    params: [firstIdAt(openedMs - codesLiveMs), grant],
  });
  if (row === undefined) return undefined;
  const columns = new Columns(row);
  return { issuedAt: columns.whole(), isOfDevice: columns.flag() };
}

async function refreshTokensOf(
  db: Database,
  grantId: string,
  grant: bigint,
): Promise<readonly FamilyRefreshToken[]> {
  const rows = await db.executor.read({
    sql: `SELECT CAST(t.id AS TEXT), t.key_id, t.rev, t.iat, t.exp, t.spent_at_ms, CAST(t.successor_id AS TEXT)
      FROM refresh_tokens t WHERE t.grant_id = $1 ORDER BY t.id DESC LIMIT $2`,
    params: [grant, most],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    return {
      grantId,
      id: columns.text(),
      keyId: columns.optionalText(),
      rev: columns.whole(),
      issuedAt: columns.whole(),
      expiresAt: columns.whole(),
      spentAtMs: columns.optionalWhole(),
      successorId: columns.optionalText(),
    };
  });
}

/** A lineage has the fingerprints of all that went before, so the grant's is in those of every level. */
async function exchangedFrom(
  db: Database,
  grant: bigint,
  fp: string,
): Promise<{ readonly ids: readonly RowId[]; readonly isWhole: boolean }> {
  const began = performance.now();
  const ids: RowId[] = [];
  for (let after = grant; ; ) {
    const last = await lastOf(db, {
      sql: `SELECT CAST(max(w.id) AS TEXT) FROM (
          SELECT t.id FROM access_tokens t WHERE t.id > $1 AND t.lineage <> '' ORDER BY t.id LIMIT $2) w`,
      params: [after, window],
    });
    if (last === undefined) return { ids: ids.slice(-most), isWhole: ids.length <= most };
    const rows = await db.executor.read({
      sql: `SELECT CAST(t.id AS TEXT) FROM access_tokens t
        WHERE t.id > $1 AND t.id <= $2 AND t.lineage <> '' AND replace(t.lineage, $3, '') <> t.lineage ORDER BY t.id`,
      params: [after, last, fp],
    });
    ids.push(...rows.map((row) => new Columns(row).text()));
    after = last;
    if (performance.now() - began > longestSearchMs) return { ids: ids.slice(-most), isWhole: false };
    await setImmediate();
  }
}
