// Puts a backup in the place of a database. The rows and the note that a restore is pending come in one step, so that
// whatever happens in between, no server serves the one without the other. docs/operations/backup.md.

import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { parseAddress } from "../postgres/address.ts";
import type { PendingRestore } from "../restores.ts";
import { HighWaterMark } from "../sqlite/high-water-mark.ts";
import { StoreRefused } from "../store-refused.ts";
import { type CheckedBackup, checkBackup, type Moved, standOf, syncDirectory } from "./backup.ts";
import { type Manifest, readBackup } from "./backup-file.ts";
import { type Address, addressOf, openRows, type Rows } from "./database.ts";
import { dropAll } from "./postgres-rows.ts";
import { createSqliteRows } from "./sqlite-rows.ts";
import { newestSchema, tablesAt } from "./tables.ts";
import { type Existing, existingAt, existingIn } from "./target.ts";

export interface RestoreRequest {
  /** The backup's file. */
  readonly from: string;
  /** The address of the database. */
  readonly to: string;
  readonly keepTokens: boolean;
  /** Whether a database that is there may be replaced. */
  readonly replace: boolean;
  /** Sees the backup when it was read to its end and fits; throws where it is not to be used. */
  readonly accept?: ((backup: CheckedBackup) => void) | undefined;
}

export interface RestoreReceipt {
  readonly manifest: Manifest;
  readonly rows: number;
  /** Where the SQLite file that was there before stands now. */
  readonly setAside: string | undefined;
  /** What was known of the database that was replaced. */
  readonly replaced: Existing | undefined;
}

/**
 * Checks the backup to its end, then loads it. The new epoch is the next one's to begin who opens it: until then no
 * server serves it.
 * @throws StoreRefused the backup does not fit, a server runs, or there is a database and `replace` was not asked for
 */
export async function restoreBackup(
  request: RestoreRequest,
  onProgress: (moved: Moved) => void = () => undefined,
): Promise<RestoreReceipt> {
  request.accept?.(await checkBackup(request.from));
  const address = addressOf(request.to);
  return address.engine === "sqlite"
    ? restoreFile(request, address.path, onProgress)
    : restorePostgres(request, address, onProgress);
}

async function restoreFile(
  request: RestoreRequest,
  path: string,
  onProgress: (moved: Moved) => void,
): Promise<RestoreReceipt> {
  const held = await existingAt({ engine: "sqlite", path });
  try {
    refuseUnasked(held.existing, request);
    const next = `${path}.restoring`;
    for (const file of [next, `${next}-wal`, `${next}-shm`]) rmSync(file, { force: true });
    const rows = createSqliteRows(next);
    const loaded = await load(request, rows, held.existing, onProgress);
    const { position } = await standOf(rows);
    await rows.query("PRAGMA wal_checkpoint(TRUNCATE)");
    await rows.close();
    // The mark first: were it left as it was, the file would be one that is older than it was.
    const mark = new HighWaterMark(path);
    mark.write(position);
    mark.close();
    const setAside = await exchange(path, next, held.rows);
    return { ...loaded, setAside, replaced: held.existing };
  } finally {
    await held.rows?.close();
  }
}

/** Renames the new file to its place; what was there keeps another name. Nobody can open either in between. */
async function exchange(path: string, next: string, held: Rows | undefined): Promise<string | undefined> {
  const aside = `${path}.before-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
  // So that closing it afterwards removes no write-ahead log of the new file's.
  await held?.query("PRAGMA wal_checkpoint(TRUNCATE)");
  await held?.query("PRAGMA journal_mode = DELETE");
  const isThere = existsSync(path);
  if (isThere) linkSync(path, aside);
  for (const end of ["-wal", "-shm"]) if (existsSync(path + end)) renameSync(path + end, aside + end);
  renameSync(next, path);
  syncDirectory(dirname(path));
  return isThere ? aside : undefined;
}

async function restorePostgres(
  request: RestoreRequest,
  address: Address,
  onProgress: (moved: Moved) => void,
): Promise<RestoreReceipt> {
  const rows = await openRows(address, "hold");
  try {
    const existing = await existingIn(rows);
    refuseUnasked(existing, request);
    const loaded = await load(request, rows, existing, onProgress);
    return { ...loaded, setAside: undefined, replaced: existing };
  } finally {
    await rows.close();
  }
}

/** One transaction: the schema of the backup, its rows, the newest schema, and the note that a restore is pending. */
async function load(
  { from, keepTokens }: RestoreRequest,
  rows: Rows,
  existing: Existing | undefined,
  onProgress: (moved: Moved) => void,
): Promise<{ manifest: Manifest; rows: number }> {
  const { manifest, pages } = await readBackup(from);
  await rows.begin("write");
  try {
    if (rows.engine === "postgres") await dropAll(rows);
    await rows.migrateTo(manifest.schema);
    for (const { name } of tablesAt(manifest.schema)) await rows.query(`DELETE FROM ${name}`);
    let done = 0;
    for await (const page of pages()) {
      await rows.insert(page.table, page.rows);
      done += page.rows.length;
      onProgress({ done, total: 0, table: page.table.name });
    }
    await rows.migrateTo(newestSchema);
    const { seq } = manifest.position;
    const above = Math.max(seq, existing?.above ?? 0);
    await notePending(rows, {
      cause: "verb",
      atMs: Date.now(),
      above,
      keepTokens,
      ended: existing?.ended ?? [],
    });
    await rows.commit();
    return { manifest, rows: done };
  } catch (cause) {
    await rows.rollback();
    throw cause;
  }
}

export async function notePending(rows: Rows, pending: PendingRestore): Promise<void> {
  await rows.query("UPDATE whereabouts SET restored = $1, moved = NULL, home = NULL", [
    JSON.stringify(pending),
  ]);
}

/** Without what is secret in it, which may stand among the parameters too. */
function shownOf(to: string): string {
  const address = addressOf(to);
  return address.engine === "sqlite" ? to : `postgres://${parseAddress(address.url).shown}`;
}

function refuseUnasked(existing: Existing | undefined, { to, replace }: RestoreRequest): void {
  if (existing === undefined || existing.isEmpty || replace) return;
  throw new StoreRefused(`${shownOf(to)} holds a database already.`);
}
