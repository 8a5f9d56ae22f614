// What is known of the database that a restore replaces: how far its log had come, since the new epoch must lie above it,
// and what stood for good, since that must not come back into service with the backup.

import { existsSync } from "node:fs";
import type { EndedUnit } from "../restores.ts";
import { HighWaterMark } from "../sqlite/high-water-mark.ts";
import { StoreRefused } from "../store-refused.ts";
import type { Address, Rows } from "./database.ts";
import { openRows } from "./database.ts";
import { InUse } from "./sqlite-rows.ts";

export interface Existing {
  /** The greatest number known to have been given. */
  readonly above: number;
  readonly issuer: string | undefined;
  /** Nothing was ever done with it. */
  readonly isEmpty: boolean;
  /** Suspended clients and keys, and revoked signing keys. */
  readonly ended: readonly EndedUnit[];
  /** Why it could not be read, where it could not: then only the mark beside it is known. */
  readonly damage: string | undefined;
}

/**
 * Holds the SQLite file that is there, so that no server opens it meanwhile. One that is damaged cannot be held.
 * @throws StoreRefused a server runs on it
 */
export async function existingAt(
  address: Address & { readonly engine: "sqlite" },
): Promise<{ readonly rows: Rows | undefined; readonly existing: Existing | undefined }> {
  const marked = new HighWaterMark(address.path).read()?.seq ?? 0;
  if (!existsSync(address.path)) {
    const gone = { above: marked, issuer: undefined, isEmpty: true, ended: [], damage: undefined };
    return { rows: undefined, existing: gone };
  }
  let rows: Rows | undefined;
  try {
    rows = await openRows(address, "hold");
    const existing = await existingIn(rows);
    return { rows, existing: existing && { ...existing, above: Math.max(existing.above, marked) } };
  } catch (cause) {
    await rows?.close();
    if (cause instanceof InUse) throw cause;
    const damage = cause instanceof Error ? cause.message : String(cause);
    return {
      rows: undefined,
      existing: { above: marked, issuer: undefined, isEmpty: false, ended: [], damage },
    };
  }
}

/** Undefined for a database without a schema of ours. */
export async function existingIn(rows: Rows): Promise<Existing | undefined> {
  const schema = await rows.schema();
  if (schema === 0) return undefined;
  const [row] = await rows.query(
    `SELECT h.seq, h.audit_number, c.issuer, (SELECT count(*) FROM clients) FROM feed_head h CROSS JOIN catalog c`,
  );
  if (row === undefined) throw new StoreRefused(`${rows.shown} has no head of its log.`);
  const [seq, records, issuer, clients] = row;
  const isEmpty = Number(seq) === 0 && Number(records) === 0 && Number(clients) === 0;
  const known = typeof issuer === "string" ? issuer : undefined;
  return { above: Number(seq), issuer: known, isEmpty, ended: await endedIn(rows, known), damage: undefined };
}

async function endedIn(rows: Rows, issuer: string | undefined): Promise<EndedUnit[]> {
  const found = await rows.query(
    `SELECT DISTINCT e.unit, e.value, e.final FROM entries e
      WHERE e.kind = 'revoke' AND e.lifted_by IS NULL AND e.issuer = $1 AND (e.suspend = 1 OR e.unit = 'signing-key')`,
    [issuer ?? ""],
  );
  return found.flatMap(([name, value, final]) =>
    name === "client" || name === "key" || name === "signing-key"
      ? [{ name, value: String(value), final: final === 1n }]
      : [],
  );
}
