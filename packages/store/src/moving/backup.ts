// Makes a backup of a database, beside a server that runs or without one: as it was at one moment, and read again before
// it counts. docs/operations/backup.md.

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Position } from "@rescind/core";
import { StoreRefused } from "../store-refused.ts";
import { type Manifest, readBackup, writeBackup } from "./backup-file.ts";
import { Chains } from "./chains.ts";
import { addressOf, openRows, pagesOf, type Rows } from "./database.ts";
import { newestSchema, tablesAt } from "./tables.ts";

export interface Moved {
  /** Rows done of all there are, where that is known. */
  readonly done: number;
  readonly total: number;
  readonly table: string;
}

export interface BackupReceipt extends Manifest {
  readonly path: string;
  readonly bytes: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly sha256: string;
}

/**
 * Writes a backup to a new file, or to one in a directory that is there, and reads it again. It is there under its name
 * only when it is whole and on disk.
 * @throws StoreRefused no such database, a file that exists, chains that do not fit
 * @throws StoreUnavailable the database cannot be reached
 */
export async function backUp(
  from: string,
  to: string,
  onProgress: (moved: Moved) => void = () => undefined,
): Promise<BackupReceipt> {
  const rows = await openRows(addressOf(from), "read");
  try {
    await rows.begin("snapshot");
    const manifest = await manifestOf(rows);
    const path = pathFor(to, manifest);
    if (!existsSync(dirname(path)))
      throw new StoreRefused(`There is no directory ${dirname(path)}: make it, or name another place.`);
    const part = `${path}.part`;
    rmSync(part, { force: true });
    const { counts, sha256 } = await copyInto(part, rows, manifest, onProgress);
    await checkBackup(part).catch((cause: unknown) => {
      rmSync(part, { force: true });
      throw cause;
    });
    renameSync(part, path);
    syncDirectory(dirname(path));
    return { ...manifest, path, bytes: statSync(path).size, counts, sha256 };
  } finally {
    await rows.rollback();
    await rows.close();
  }
}

export interface CheckedBackup {
  readonly manifest: Manifest;
  readonly rows: number;
  /** The key of its fingerprints, sealed under the master key of its server: opens only with that. */
  readonly fingerprintKey: Uint8Array | undefined;
}

/**
 * Reads a backup to its end: checksum, counts, the log's chain and the audit chain.
 * @throws StoreRefused it does not fit
 */
export async function checkBackup(path: string): Promise<CheckedBackup> {
  const { manifest, pages } = await readBackup(path);
  const chains = new Chains();
  let read = 0;
  let fingerprintKey: Uint8Array | undefined;
  for await (const { table, rows } of pages()) {
    chains.take(table, rows);
    read += rows.length;
    if (table.name !== "secrets") continue;
    const sealed = rows
      .find((row) => row.includes("fingerprint-key"))
      ?.find((cell) => cell instanceof Uint8Array);
    fingerprintKey = sealed instanceof Uint8Array ? sealed : fingerprintKey;
  }
  const fault = chains.fault();
  if (fault !== undefined) throw new StoreRefused(`${path} does not fit: ${fault}. Use another backup.`);
  return { manifest, rows: read, fingerprintKey };
}

async function copyInto(part: string, rows: Rows, manifest: Manifest, onProgress: (moved: Moved) => void) {
  const tables = tablesAt(manifest.schema);
  let total = 0;
  // One after the other: it is one connection.
  for (const { name } of tables) {
    const [row] = await rows.query(`SELECT count(*) FROM ${name}`);
    total += Number(row?.[0] ?? 0);
  }
  const writer = await writeBackup(part, manifest);
  let done = 0;
  try {
    for (const table of tables) {
      await writer.table(table);
      for await (const page of pagesOf(rows, table)) {
        await writer.rows(page);
        done += page.length;
        onProgress({ done, total, table: table.name });
      }
    }
    return await writer.end();
  } catch (cause) {
    writer.abandon();
    rmSync(part, { force: true });
    throw cause;
  }
}

async function manifestOf(rows: Rows): Promise<Manifest> {
  const schema = await rows.schema();
  if (schema === 0) throw new StoreRefused(`${rows.shown} is empty: there is nothing to back up.`);
  if (schema > newestSchema)
    throw new StoreRefused(
      `${rows.shown} has schema ${schema}, this program knows up to ${newestSchema}: use the newer one.`,
    );
  const { position, audit, issuer } = await standOf(rows);
  return { schema, issuer, engine: rows.engine, madeAtMs: Date.now(), position, audit };
}

export interface Stand {
  readonly position: Position;
  readonly audit: Position;
  readonly issuer: string | undefined;
}

/** Where log and audit chain stand, and whose they are. */
export async function standOf(rows: Pick<Rows, "query">): Promise<Stand> {
  const [row] = await rows.query(
    "SELECT h.seq, h.hash, h.audit_number, h.audit_hash, c.issuer FROM feed_head h CROSS JOIN catalog c",
  );
  const [seq, hash, number, auditHash, issuer] = row ?? [];
  return {
    position: { seq: Number(seq), hash: String(hash) },
    audit: { seq: Number(number), hash: String(auditHash) },
    issuer: typeof issuer === "string" ? issuer : undefined,
  };
}

/** A file of its own in a directory, by issuer and time. */
function pathFor(to: string, { issuer, madeAtMs }: Manifest): string {
  const isDirectory = statSync(to, { throwIfNoEntry: false })?.isDirectory() === true;
  const whose = (issuer ?? "rescind").replace(/^https?:\/\//, "").replaceAll(/[^\w.-]+/g, "-");
  const when = new Date(madeAtMs).toISOString().replaceAll(/[-:]/g, "").replace(/\.\d+/, "");
  const path = isDirectory ? join(to, `${whose}-${when}.backup`) : to;
  if (existsSync(path)) throw new StoreRefused(`${path} exists: a backup is never written over another one.`);
  return path;
}

export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
