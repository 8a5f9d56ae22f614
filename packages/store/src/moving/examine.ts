// What `rescind doctor` says of a database without a server: its schema, whether it may be served, how durable its commits
// are, how much room there is. Reads, and changes nothing.

import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { standOf } from "./backup.ts";
import { addressOf, openRows, type Rows } from "./database.ts";
import { newestSchema } from "./tables.ts";

export interface Examined {
  readonly check: string;
  readonly result: "ok" | "warning" | "failed";
  readonly detail: string;
  /** What to do about it. */
  readonly mend?: string | undefined;
}

export interface ExaminedDatabase {
  readonly findings: readonly Examined[];
  /** Whose it is; undefined where it is not there, or nobody's yet. */
  readonly issuer: string | undefined;
  /** The key of its fingerprints, sealed under the master key; undefined where it is not there or cannot be read. */
  readonly fingerprintKey: Uint8Array | undefined;
}

/** Never rejects: what cannot be reached is a finding. */
export async function examineDatabase(database: string): Promise<ExaminedDatabase> {
  let rows: Rows;
  try {
    rows = await openRows(addressOf(database), "read");
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const mend = "name it with --database or RESCIND_DATABASE, and see that it runs";
    return {
      findings: [{ check: "database", result: "failed", detail, mend }],
      issuer: undefined,
      fingerprintKey: undefined,
    };
  }
  try {
    const findings = [await schemaOf(rows)];
    if (findings[0]?.result === "failed") return { findings, issuer: undefined, fingerprintKey: undefined };
    findings.push(await durabilityOf(rows));
    const [row] = await rows.query("SELECT sealed FROM secrets WHERE name = 'fingerprint-key'");
    const key = row?.[0];
    const { issuer } = await standOf(rows);
    return { findings, issuer, fingerprintKey: key instanceof Uint8Array ? key : undefined };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return {
      findings: [{ check: "database", result: "failed", detail }],
      issuer: undefined,
      fingerprintKey: undefined,
    };
  } finally {
    await rows.close();
  }
}

/** Bytes free where a path lies. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(
    statSync(path, { throwIfNoEntry: false }) === undefined ? dirname(path) : path,
  );
  return bavail * bsize;
}

async function schemaOf(rows: Rows): Promise<Examined> {
  const check = "database";
  const schema = await rows.schema();
  if (schema === 0)
    return { check, result: "warning", detail: `${rows.shown} is empty: the first start fills it` };
  if (schema > newestSchema)
    return {
      check,
      result: "failed",
      detail: `${rows.shown} has schema ${schema}, this program knows up to ${newestSchema}`,
      mend: "use the version that opened it last, or a newer one",
    };
  const { position, issuer } = await standOf(rows);
  const stands = `${rows.shown} of ${issuer ?? "no issuer yet"}, its log at ${position.seq}`;
  if (schema < newestSchema)
    return {
      check,
      result: "warning",
      detail: `${stands}; schema ${schema}, the next start brings it to ${newestSchema}`,
      mend: "make a backup before: an older program does not open it afterwards",
    };
  const [row] = await rows.query("SELECT restored, moved FROM whereabouts");
  const [restored, moved] = row ?? [];
  if (typeof moved === "string")
    return {
      check,
      result: "failed",
      detail: `${rows.shown} was moved to ${moved}`,
      mend: "serve that one; rescind migrate --undo goes back",
    };
  if (typeof restored === "string")
    return {
      check,
      result: "warning",
      detail: `${stands}; it was restored, the next start begins the new epoch`,
    };
  return { check, result: "ok", detail: `${stands}, schema ${schema}` };
}

async function durabilityOf(rows: Rows): Promise<Examined> {
  const check = "durability";
  if (rows.engine === "sqlite")
    return {
      check,
      result: "ok",
      detail: "every answered commit is on this machine's disk (local); back it up elsewhere",
    };
  const [row] = await rows.query(
    `SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
      current_setting('synchronous_standby_names'), pg_is_in_recovery()`,
  );
  const [fsync, fullPages, commit, standbys, recovery] = (row ?? []).map(String);
  if (recovery === "true")
    return {
      check,
      result: "failed",
      detail: "this server is a standby",
      mend: "name the primary: only it decides what is live",
    };
  if (fsync === "off" || fullPages === "off")
    return {
      check,
      result: "failed",
      detail: `fsync is ${fsync}, full_page_writes ${fullPages}: a crash loses what was answered`,
      mend: "switch both on in postgresql.conf",
    };
  if (standbys === "")
    return {
      check,
      result: "warning",
      detail: `commits are on one machine (local); synchronous_commit ${commit}`,
      mend: "name a standby in synchronous_standby_names: a failover to an asynchronous one loses revocations, and ends every token",
    };
  return { check, result: "ok", detail: `commits wait for ${standbys} (replicated)` };
}
