// What people show beside a password: seeds of time-based codes (sealed), recovery codes (digests), and all of it at once.
// Recovery codes are there only beside a seed or a passkey. Each is used by compare-and-set, so that of two one wins.

import type { RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import type {
  FoundFactors,
  NewRecoveryCodes,
  Order,
  RecoveryCodes,
  RemovedFactors,
  TokenDigest,
  Totp,
} from "../store.ts";
import { removeAllOf } from "./factor-ends.ts";
import { onlyRow, takeHead } from "./head.ts";
import { passkeyColumns, takePasskey } from "./passkeys.ts";
import { type Claim, claimed, claimTurn } from "./people-turn.ts";
import { changeWithOrders } from "./user-change.ts";

const columnsBefore = { seed: 6, codes: 11, passkey: 15 } as const;

/** One statement: a row for each passkey, with seed and codes in all of them. */
export async function findFactors(db: Database, subject: string): Promise<FoundFactors> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(t.id AS TEXT), t.subject, t.sealed, t.last_step, t.since_ms,
        CAST(r.set_id AS TEXT), r.unused, r.made, r.created_at_ms, ${passkeyColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN totp t ON t.subject = $1
        LEFT JOIN (SELECT n.set_id, n.created_at_ms, count(*) AS made,
              count(CASE WHEN n.used_at_ms IS NULL THEN 1 END) AS unused
            FROM recovery_codes n WHERE n.subject = $1 GROUP BY n.set_id, n.created_at_ms) r ON 1 = 1
        LEFT JOIN passkeys k ON k.subject = $1
      ORDER BY k.id`,
    params: [subject],
  });
  const [row = onlyRow(rows)] = rows;
  const seed = new Columns(row.slice(columnsBefore.seed));
  const codes = new Columns(row.slice(columnsBefore.codes));
  const ofPasskeys = rows.map((each) => new Columns(each.slice(columnsBefore.passkey)));
  return {
    head: takeHead(new Columns(row)),
    passkeys: ofPasskeys.filter((columns) => !columns.isNull()).map(takePasskey),
    totp: seed.isNull() ? undefined : takeTotp(seed),
    recoveryCodes: codes.isNull() ? undefined : takeRecoveryCodes(codes),
  };
}

export async function putTotp(db: Database, totp: Totp, codes: NewRecoveryCodes): Promise<boolean> {
  const { id, subject } = totp;
  const isStored = { sql: "EXISTS (SELECT 1 FROM totp t WHERE t.id = $1)", param: BigInt(id) };
  const results = await db.executor.apply([
    claimTurn(BigInt(db.ids.next())),
    {
      sql: `INSERT INTO totp (id, subject, sealed, last_step, since_ms) SELECT $1, $2, $3, $4, $5
        WHERE EXISTS (SELECT 1 FROM users u WHERE u.subject = $2) ON CONFLICT (subject) DO NOTHING RETURNING 1`,
      params: [isStored.param, subject, totp.sealedSeed, totp.lastStep, totp.sinceMs],
    },
    ...replaceCodes(db, subject, codes, isStored),
  ]);
  return results[1]?.length === 1;
}

export async function useTotpStep(db: Database, id: RowId, step: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: "UPDATE totp SET last_step = $2 WHERE id = $1 AND last_step < $2 RETURNING 1",
      params: [BigInt(id), step],
    },
  ]);
  return results[0]?.length === 1;
}

export async function putRecoveryCodes(
  db: Database,
  subject: string,
  codes: NewRecoveryCodes,
): Promise<boolean> {
  const hasFactor = {
    sql: `(EXISTS (SELECT 1 FROM totp t WHERE t.subject = $1)
        OR EXISTS (SELECT 1 FROM passkeys k WHERE k.subject = $1))`,
    param: subject,
  };
  const results = await db.executor.apply([
    claimTurn(BigInt(db.ids.next())),
    ...replaceCodes(db, subject, codes, hasFactor),
  ]);
  return results.at(-1)?.length === 1;
}

export async function useRecoveryCode(
  db: Database,
  subject: string,
  digest: TokenDigest,
  atMs: number,
): Promise<RowId | undefined> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE recovery_codes SET used_at_ms = $3 WHERE subject = $1 AND digest = $2 AND used_at_ms IS NULL
        RETURNING CAST(set_id AS TEXT)`,
      params: [subject, digest, atMs],
    },
  ]);
  const [row] = results[0] ?? [];
  return row === undefined ? undefined : new Columns(row).text();
}

export async function removeFactors(
  db: Database,
  subject: string,
  { totp = false, recoveryCodes = false, passkeys }: RemovedFactors,
  orders: readonly Order[],
): Promise<boolean> {
  const effects = (claim: Claim): Statement[] => [
    ...(totp ? [removeAllOf("totp", subject, claim)] : []),
    ...(recoveryCodes ? [removeAllOf("recovery_codes", subject, claim)] : []),
    ...(passkeys === "all" ? [removeAllOf("passkeys", subject, claim)] : []),
    ...(passkeys === undefined || passkeys === "all" ? [] : [removePasskey(subject, passkeys, claim)]),
    {
      sql: `DELETE FROM recovery_codes WHERE subject = $1 AND ${claimed("$2")}
          AND NOT EXISTS (SELECT 1 FROM totp t WHERE t.subject = $1)
          AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.subject = $1)`,
      params: [subject, claim],
    },
  ];
  return (await changeWithOrders(db, { subject, unless: [], effects }, orders)) === "changed";
}

function removePasskey(subject: string, id: RowId, claim: Claim): Statement {
  return {
    sql: `DELETE FROM passkeys WHERE subject = $1 AND id = $3 AND ${claimed("$2")}`,
    params: [subject, claim, BigInt(id)],
  };
}

/** Instead of those there are, where the condition on its `$1` holds. */
function replaceCodes(
  db: Database,
  subject: string,
  { id, digests, atMs }: NewRecoveryCodes,
  condition: { readonly sql: string; readonly param: bigint | string },
): readonly Statement[] {
  return [
    {
      sql: `DELETE FROM recovery_codes WHERE subject = $2 AND ${condition.sql}`,
      params: [condition.param, subject],
    },
    ...digests.map((digest) => ({
      sql: `INSERT INTO recovery_codes (id, subject, set_id, digest, created_at_ms)
        SELECT $2, $3, $4, $5, $6 WHERE ${condition.sql} RETURNING 1`,
      params: [condition.param, BigInt(db.ids.next()), subject, BigInt(id), digest, atMs],
    })),
  ];
}

function takeTotp(columns: Columns): Totp {
  return {
    id: columns.text(),
    subject: columns.text(),
    sealedSeed: columns.bytes(),
    lastStep: columns.whole(),
    sinceMs: columns.whole(),
  };
}

function takeRecoveryCodes(columns: Columns): RecoveryCodes {
  return {
    id: columns.text(),
    left: columns.whole(),
    of: columns.whole(),
    createdAtMs: columns.whole(),
  };
}
