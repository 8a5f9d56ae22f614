// The database's file: created whole and private, and looked at before it is trusted. A file that is damaged, cut, or
// missing where it once was is never taken for an empty database. FAULTS row 8.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Position } from "@rescind/core";
import { Columns } from "../columns.ts";
import { StoreRefused } from "../store-refused.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { HighWaterMark } from "./high-water-mark.ts";
import { machineRunOf } from "./machine-run.ts";
import { migrate } from "./migrate.ts";

/** "rscd": stands in the file's header, so that no other program's database is taken for ours. */
export const applicationId = 0x72736364;
const applicationIdAt = 68;
const pageSizeAt = 16;
const headerBytes = 100;
/**
 * Bytes up to which the whole file is checked at every opening, indexes included. A larger one is checked where the machine
 * may have ended, page by page, which takes some seconds for each gigabyte.
 */
const cheapBytes = 16 * 1024 * 1024;

export interface OpenedFile {
  /** Only reads. */
  readonly reader: Connection;
  /** How far the log had come where this is an older copy of it, put in its place after a clean end. */
  readonly lost: Position | undefined;
}

/**
 * Makes the file if there is none, checks it, and brings its schema up to date.
 * @throws StoreRefused
 */
export function openFile(options: ConnectionOptions): OpenedFile {
  const { path } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) create(options);
  try {
    checkHeader(path);
    const lost = inspect(options);
    return { reader: current(options), lost };
  } catch (cause) {
    throw cause instanceof StoreRefused ? cause : damaged(path, cause);
  }
}

/** Looks before anything is written: what is refused stays as it was found, for whoever has to save what is left. */
function inspect(options: ConnectionOptions): Position | undefined {
  const { path } = options;
  const look = lookOf(path);
  const connection = new Connection({ ...options, inspects: true });
  try {
    if (look !== undefined) check(connection, path, look);
    return checkMark(connection, path);
  } finally {
    connection.close();
  }
}

/**
 * By what pragma the file is to be looked at. Not after a mere kill: what a process wrote is there as long as the machine
 * runs, and the write-ahead log mends what was half done. docs/decisions/0025.
 */
export function lookOf(path: string): string | undefined {
  if (statSync(path).size <= cheapBytes) return "integrity_check(1)";
  if (!existsSync(`${path}-wal`)) return undefined;
  const run = new HighWaterMark(path).read()?.run;
  return run !== undefined && run === machineRunOf(path) ? undefined : "quick_check(1)";
}

function current(options: ConnectionOptions): Connection {
  const connection = new Connection(options);
  try {
    connection.writeDurably();
    migrate(connection, options.path);
    connection.readOnly();
    return connection;
  } catch (cause) {
    connection.close();
    throw cause;
  }
}

/** Made under another name and renamed when it is whole, so that a cut or empty file is never one half made. */
function create(options: ConnectionOptions): void {
  const { path } = options;
  const leftover = [`${path}-wal`, `${path}-mark`].find((file) => existsSync(file));
  if (leftover !== undefined)
    throw new StoreRefused(
      `${path} is missing, but ${leftover} is there: the database was removed. Restore it; to begin anew, remove that file too.`,
    );
  const next = `${path}.new`;
  for (const file of [next, `${next}-wal`, `${next}-shm`]) rmSync(file, { force: true });
  closeSync(openSync(next, "wx", 0o600));
  const connection = new Connection({ ...options, path: next });
  try {
    connection.database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL;`);
    connection.writeDurably();
    migrate(connection, path);
  } finally {
    connection.close();
  }
  sync(next);
  renameSync(next, path);
  sync(dirname(path));
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function checkHeader(path: string): void {
  const header = Buffer.alloc(headerBytes);
  const file = openSync(path, "r");
  try {
    const bytes = readSync(file, header, 0, headerBytes, 0);
    if (bytes < headerBytes || header.toString("latin1", 0, pageSizeAt) !== "SQLite format 3\0")
      throw damaged(path, new Error(bytes === 0 ? "the file is empty" : "the file has no SQLite header"));
    if (header.readUInt32BE(applicationIdAt) !== applicationId)
      throw new StoreRefused(`${path} is a database of another program.`);
  } finally {
    closeSync(file);
  }
}

function check(connection: Connection, path: string, pragma: string): void {
  const found = connection.pragma(pragma);
  if (found !== "ok") throw damaged(path, new Error(String(found)));
}

/**
 * The head against its last entry and against the mark: a database that fell behind lost acknowledged revocations.
 * @returns the mark, where after a clean end an older copy was put in the file's place
 */
function checkMark(connection: Connection, path: string): Position | undefined {
  const [row] = connection.run(
    `SELECT h.seq, h.hash, (SELECT max(e.seq) FROM entries e),
      (SELECT e.hash FROM entries e WHERE e.seq = h.seq) FROM feed_head h`,
    [],
  );
  const columns = new Columns(row ?? []);
  const head = { seq: columns.whole(), hash: columns.text() };
  const last = columns.optionalWhole() ?? 0;
  const lastHash = columns.optionalText() ?? head.hash;
  if (last > head.seq || lastHash !== head.hash)
    throw damaged(path, new Error("the head of the log does not fit its entries"));
  const mark = new HighWaterMark(path).read();
  if (mark === undefined) return undefined;
  const [kept] = connection.run("SELECT e.hash FROM entries e WHERE e.seq = $1", [mark.seq]);
  const hash = mark.seq === head.seq ? head.hash : (kept?.[0] ?? mark.hash);
  if (mark.seq <= head.seq && hash === mark.hash) return undefined;
  if (mark.isClosed) return { seq: mark.seq, hash: mark.hash };
  throw new StoreRefused(
    `${path} is older than it was: its log ends at ${head.seq}, but it had reached ${mark.seq}, and the server did not end cleanly. If its write-ahead log was lost, restore a backup; if an older copy was put in its place on purpose: rescind restore --in-place --database sqlite:${path}`,
  );
}

function damaged(path: string, cause: unknown): StoreRefused {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new StoreRefused(`${path} is damaged and is not served: ${what}. Restore it from a backup.`, {
    cause,
  });
}
