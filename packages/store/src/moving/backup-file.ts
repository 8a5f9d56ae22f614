// The file of a backup: gzip over lines of JSON. The first says what it is, then come the tables with a line for each row,
// the last holds the counts and SHA-256 of all lines before it, so that a cut or changed file is never taken for a whole
// one. The same for both engines. Holds what the database holds: digests and sealed bytes, no usable secret (WEB-26).

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Position } from "@rescind/core";
import { StoreRefused } from "../store-refused.ts";
import { type Cells, decodeRow, encodeRow, WrongRow } from "./cells.ts";
import type { Engine } from "./database.ts";
import { newestSchema, type Table, tablesAt } from "./tables.ts";

const format = "rescind-backup";
const version = 1;
/** Level 1: most of a backup is digests, which do not compress. */
const level = 1;
/** Characters gathered before they are compressed. */
const chunk = 1 << 16;

/** What a backup says of itself. */
export interface Manifest {
  readonly schema: number;
  readonly issuer: string | undefined;
  readonly engine: Engine;
  /** Milliseconds since 1970. */
  readonly madeAtMs: number;
  /** Where the log stood, and the audit chain. */
  readonly position: Position;
  readonly audit: Position;
}

export interface Ending {
  readonly counts: Readonly<Record<string, number>>;
  /** Base64url, of the lines before the last. */
  readonly sha256: string;
}

export interface BackupWriter {
  table(table: Table): Promise<void>;
  rows(rows: readonly Cells[]): Promise<void>;
  /** Ends the file; it is not synced yet. */
  end(): Promise<Ending>;
  /** Gives the file up. */
  abandon(): void;
}

/** Writes a new file. @throws the system's error where it exists or cannot be written */
export async function writeBackup(path: string, manifest: Manifest): Promise<BackupWriter> {
  const digest = createHash("sha256");
  const gzip = createGzip({ level });
  const file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
  const written = pipeline(gzip, file);
  written.catch(() => undefined); // told by whoever waits for it below
  const counts: Record<string, number> = {};
  let current = "";
  const put = async (text: string): Promise<void> => {
    digest.update(text);
    if (gzip.destroyed) await written;
    if (!gzip.write(text)) await Promise.race([once(gzip, "drain"), written]);
  };
  const { madeAtMs, ...rest } = manifest;
  await put(`${JSON.stringify({ format, version, ...rest, made_at: new Date(madeAtMs).toISOString() })}\n`);
  return {
    async table({ name, columns }) {
      current = name;
      counts[name] = 0;
      await put(`${JSON.stringify({ table: name, columns: columns.map((column) => column.name) })}\n`);
    },
    async rows(rows) {
      counts[current] = (counts[current] ?? 0) + rows.length;
      let text = "";
      for (const row of rows) {
        text += `${encodeRow(row)}\n`;
        if (text.length < chunk) continue;
        await put(text);
        text = "";
      }
      if (text !== "") await put(text);
    },
    async end() {
      const ending = { counts, sha256: digest.digest("base64url") };
      gzip.end(`${JSON.stringify({ end: true, ...ending })}\n`);
      await written;
      return ending;
    },
    abandon() {
      gzip.destroy();
      file.destroy();
    },
  };
}

export interface BackupReader {
  readonly manifest: Manifest;
  /** The tables of its schema. */
  readonly tables: readonly Table[];
  /**
   * Every table with its rows in pages, in the order of the file; empty tables come too. Only what was read to its end
   * was whole.
   * @throws StoreRefused the file is cut, changed, or holds what no backup holds
   */
  pages(): AsyncGenerator<{ readonly table: Table; readonly rows: readonly Cells[] }, Ending>;
}

/** Reads a file's first line, then what is asked of the rest. @throws StoreRefused it is no backup, or of a newer version */
export async function readBackup(path: string): Promise<BackupReader> {
  const manifest = await manifestOf(path);
  const tables = tablesAt(manifest.schema);
  return { manifest, tables, pages: () => pagesOf(path, tables) };
}

async function manifestOf(path: string): Promise<Manifest> {
  for await (const line of linesOf(path)) return parseManifest(path, line);
  throw noBackup(path, "it is empty");
}

function parseManifest(path: string, line: string): Manifest {
  const head = objectIn(line);
  if (head?.format !== format) throw noBackup(path, "it does not begin as one");
  const { version: given, schema, issuer, engine, made_at: madeAt, position, audit } = head;
  if (given !== version || typeof schema !== "number" || schema > newestSchema)
    throw new StoreRefused(`${path} was made by a newer version of Rescind: restore it with that one.`);
  const madeAtMs = Date.parse(String(madeAt));
  const [log, chain] = [positionIn(position), positionIn(audit)];
  if (log === undefined || chain === undefined || Number.isNaN(madeAtMs))
    throw noBackup(path, "its first line is not whole");
  return {
    schema,
    issuer: typeof issuer === "string" ? issuer : undefined,
    engine: engine === "postgres" ? "postgres" : "sqlite",
    madeAtMs,
    position: log,
    audit: chain,
  };
}

async function* pagesOf(
  path: string,
  tables: readonly Table[],
): AsyncGenerator<{ readonly table: Table; readonly rows: readonly Cells[] }, Ending> {
  const digest = createHash("sha256");
  const counts: Record<string, number> = {};
  const named = new Map(tables.map((table) => [table.name, table]));
  let table: Table | undefined;
  let rows: Cells[] = [];
  let ending: Ending | undefined;
  let isFirst = true;
  for await (const line of linesOf(path)) {
    if (ending !== undefined) throw noBackup(path, "there is more after its end");
    const object = line.startsWith("{") ? objectIn(line) : undefined;
    if (object?.end === true) {
      ending = { counts: object.counts as Record<string, number>, sha256: String(object.sha256) }; // compared below
      continue;
    }
    digest.update(line).update("\n");
    if (isFirst) isFirst = false;
    else if (object !== undefined) {
      if (table !== undefined) yield { table, rows };
      rows = [];
      table = startOf(object, named, path);
      counts[table.name] = 0;
    } else if (table !== undefined) {
      rows.push(rowOf(line, table, path));
      counts[table.name] = (counts[table.name] ?? 0) + 1;
      if (rows.length < 2000) continue;
      yield { table, rows };
      rows = [];
    } else throw noBackup(path, "a row belongs to no table");
  }
  if (table !== undefined) yield { table, rows };
  const sha256 = digest.digest("base64url");
  if (ending === undefined) throw noBackup(path, "its end is missing");
  if (ending.sha256 !== sha256) throw noBackup(path, "its checksum does not fit");
  if (tables.some(({ name }) => counts[name] === undefined || counts[name] !== ending.counts[name]))
    throw noBackup(path, "a table is missing, or not whole");
  return { counts, sha256 };
}

function startOf(object: Record<string, unknown>, named: ReadonlyMap<string, Table>, path: string): Table {
  const table = named.get(String(object.table));
  const columns = table?.columns.map(({ name }) => name);
  if (table === undefined || JSON.stringify(object.columns) !== JSON.stringify(columns))
    throw noBackup(path, `it holds a table ${String(object.table)} that its schema does not have`);
  return table;
}

function rowOf(line: string, table: Table, path: string): Cells {
  try {
    return decodeRow(line, table);
  } catch (cause) {
    throw noBackup(path, cause instanceof WrongRow ? cause.message : `a row of ${table.name} cannot be read`);
  }
}

/** Decompressed, line by line. @throws StoreRefused where it cannot be read, is cut or not compressed */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  const read = pipeline(file, gunzip);
  read.catch((cause: unknown) => gunzip.destroy(cause instanceof Error ? cause : new Error(String(cause))));
  const lines = createInterface({ input: gunzip, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    yield* lines;
    await read;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    // The system's own: nothing is known of what the file holds.
    if (cause instanceof Error && "syscall" in cause)
      throw new StoreRefused(`${path} cannot be read: ${why}.`);
    throw noBackup(path, why);
  } finally {
    lines.close();
    file.destroy();
    gunzip.destroy();
  }
}

function noBackup(path: string, why: string): StoreRefused {
  return new StoreRefused(`${path} is not a whole backup of Rescind: ${why}.`);
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined; // members are checked where they are read
  } catch {
    return undefined;
  }
}

function positionIn(value: unknown): Position | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { seq, hash } = value as Record<string, unknown>; // parsing boundary: both are checked
  return Number.isSafeInteger(seq) && typeof hash === "string" ? { seq: Number(seq), hash } : undefined;
}
