// Moves a database to another engine or server: every row, in pages that are committed one by one, so that a move goes on
// where it was cut; then both sides are read and compared. The source is marked before the first row is copied, so that
// nobody serves it by mistake. The log goes on: same numbers, same hashes. docs/operations/backup.md.

import { createHash } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { Position } from "@rescind/core";
import { HighWaterMark } from "../sqlite/high-water-mark.ts";
import { StoreRefused } from "../store-refused.ts";
import { type Moved, standOf, syncDirectory } from "./backup.ts";
import { type Cells, decodeRow, encodeRow, keyOf } from "./cells.ts";
import { Chains } from "./chains.ts";
import { type Address, addressOf, openRows, pagesOf, type Rows } from "./database.ts";
import { notePending } from "./restore.ts";
import { createSqliteRows } from "./sqlite-rows.ts";
import { newestSchema, type Table, tablesAt } from "./tables.ts";
import { existingIn } from "./target.ts";

export interface MoveReceipt {
  readonly from: string;
  readonly to: string;
  readonly issuer: string | undefined;
  readonly position: Position;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Rows that an earlier attempt had copied already. */
  readonly resumedAt: number;
}

/** Rows of a page, committed together. */
const pageSize = 2000;

/**
 * Moves everything from one address to an empty database at another. No server may run on either.
 * @throws StoreRefused a server runs, the target holds another database, or what arrived differs
 * @throws StoreUnavailable
 */
export async function moveDatabase(
  from: string,
  to: string,
  onProgress: (moved: Moved) => void = () => undefined,
): Promise<MoveReceipt> {
  const source = await openRows(addressOf(from), "hold");
  try {
    await bringUpToDate(source);
    const target = await openArrival(addressOf(to), source);
    try {
      await mark(source, `${moving}${target.rows.shown}`);
      const resumedAt = await copy(source, target, onProgress);
      const { counts, total } = await compare(source, target.rows);
      await target.finish();
      await mark(source, target.shown);
      const { position, issuer } = await standOf(source);
      return { from: source.shown, to: target.shown, issuer, position, counts, rows: total, resumedAt };
    } finally {
      await target.rows.close();
    }
  } finally {
    await source.close();
  }
}

/**
 * Takes the mark from a database that was moved, so that it may be served again. What was done elsewhere since is not in
 * it: a new epoch begins, unless the move was not done.
 * @returns whether it had been moved
 * @throws StoreRefused a server runs, or it was never marked
 */
export async function undoMove(from: string): Promise<"moved" | "not-done"> {
  const rows = await openRows(addressOf(from), "hold");
  try {
    await bringUpToDate(rows);
    const [row] = await rows.query("SELECT moved FROM whereabouts");
    const moved = row?.[0];
    if (typeof moved !== "string") throw new StoreRefused(`${rows.shown} was not moved anywhere.`);
    const { position } = await standOf(rows);
    const isDone = !moved.startsWith(moving);
    if (isDone)
      await notePending(rows, { cause: "verb", atMs: Date.now(), above: position.seq, keepTokens: false });
    else await rows.query("UPDATE whereabouts SET moved = NULL");
    return isDone ? "moved" : "not-done";
  } finally {
    await rows.close();
  }
}

/** In the mark of a source whose rows have not all arrived. */
const moving = "(under way) ";

async function mark(source: Rows, text: string): Promise<void> {
  await source.query("UPDATE whereabouts SET moved = $1", [text]);
}

async function bringUpToDate(rows: Rows): Promise<void> {
  const schema = await rows.schema();
  if (schema === 0) throw new StoreRefused(`${rows.shown} is empty.`);
  if (schema > newestSchema)
    throw new StoreRefused(
      `${rows.shown} has schema ${schema}, this program knows up to ${newestSchema}: use the newer one.`,
    );
  await rows.begin("write");
  await rows.migrateTo(newestSchema);
  await rows.commit();
}

interface Arrival {
  readonly rows: Rows;
  readonly shown: string;
  /** What has arrived by earlier attempts; undefined where all had. */
  readonly state: Progress | undefined;
  /** The target is a database like any other from now on. */
  finish(): Promise<void>;
}

interface Progress {
  readonly source: string;
  /** The table that was being copied, its last key as it was written, and the rows of all so far. */
  readonly table: string;
  readonly after: string | undefined;
  readonly rows: number;
}

async function openArrival(address: Address, source: Rows): Promise<Arrival> {
  const identity = await identityOf(source);
  if (address.engine === "postgres") {
    const rows = await openRows(address, "hold");
    return arrivalOf(rows, rows.shown, identity, async () => undefined);
  }
  const { path } = address;
  const shown = `sqlite:${path}`;
  if (existsSync(path))
    return arrivalOf(await openRows(address, "hold"), shown, identity, async () => undefined);
  const next = `${path}.arriving`;
  const rows = createSqliteRows(next);
  return arrivalOf(rows, shown, identity, async () => {
    const { position } = await standOf(rows);
    await rows.close();
    const known = new HighWaterMark(path);
    known.write(position);
    known.close();
    renameSync(next, path);
    syncDirectory(dirname(path));
  });
}

async function arrivalOf(
  rows: Rows,
  shown: string,
  identity: string,
  settle: () => Promise<void>,
): Promise<Arrival> {
  try {
    return {
      rows,
      shown,
      state: await arrivedSoFar(rows, shown, identity),
      finish: () => finish(rows, settle),
    };
  } catch (cause) {
    await rows.close();
    throw cause;
  }
}

async function arrivedSoFar(rows: Rows, shown: string, identity: string): Promise<Progress | undefined> {
  if ((await rows.schema()) === 0) return begun(rows, identity);
  const state = await stateIn(rows);
  if (state !== undefined) {
    if (state.source !== identity)
      throw new StoreRefused(`${rows.shown} holds what has arrived of another database: remove it first.`);
    return state;
  }
  const existing = await existingIn(rows);
  if (existing?.isEmpty === true) return begun(rows, identity);
  // All of it may have arrived before the source could be told: the comparison says.
  if ((await identityOf(rows)) === identity) return undefined;
  throw new StoreRefused(`${shown} holds a database already: move to an empty one.`);
}

async function begun(rows: Rows, source: string): Promise<Progress> {
  const state = { source, table: "", after: undefined, rows: 0 };
  await rows.begin("write");
  await rows.migrateTo(newestSchema);
  for (const { name } of tablesAt(newestSchema)) await rows.query(`DELETE FROM ${name}`);
  await rows.query("CREATE TABLE arriving (state TEXT NOT NULL)");
  await rows.query("INSERT INTO arriving VALUES ($1)", [JSON.stringify(state)]);
  await rows.commit();
  return state;
}

async function stateIn(rows: Rows): Promise<Progress | undefined> {
  const sql =
    rows.engine === "sqlite"
      ? "SELECT 1 FROM sqlite_schema WHERE name = 'arriving'"
      : "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'arriving'";
  if ((await rows.query(sql)).length === 0) return undefined;
  const [row] = await rows.query("SELECT state FROM arriving");
  return row === undefined ? undefined : (JSON.parse(String(row[0])) as Progress); // parsing boundary: written here
}

/** Of one database and its copies: the sealed key of its fingerprints, which was made once. */
async function identityOf(rows: Rows): Promise<string> {
  const [row] = await rows.query("SELECT sealed FROM secrets WHERE name = 'fingerprint-key'");
  const sealed = row?.[0];
  const { issuer } = await standOf(rows);
  const bytes = sealed instanceof Uint8Array ? sealed : new Uint8Array();
  return createHash("sha256").update(`${issuer} `).update(bytes).digest("base64url");
}

/** @returns rows that were there before this attempt */
async function copy(
  source: Rows,
  { rows, state }: Arrival,
  onProgress: (moved: Moved) => void,
): Promise<number> {
  if (state === undefined) return 0;
  const tables = tablesAt(newestSchema);
  const total = await countAll(source, tables);
  let done = state.rows;
  for (const table of tables) {
    // Tables go by name: what is before the one that was under way has arrived.
    if (table.name < state.table) continue;
    const after = table.name === state.table ? afterOf(state, table) : undefined;
    for await (const page of pagesOf(source, table, after, pageSize)) {
      done += page.length;
      const last = page.at(-1);
      const reached = {
        ...state,
        table: table.name,
        after: last && encodeRow(keyOf(last, table)),
        rows: done,
      };
      await rows.begin("write");
      await rows.insert(table, page);
      await rows.query("UPDATE arriving SET state = $1", [JSON.stringify(reached)]);
      await rows.commit();
      onProgress({ done, total, table: table.name });
    }
  }
  return state.rows;
}

function afterOf({ after }: Progress, table: Table): Cells | undefined {
  if (after === undefined) return undefined;
  const columns = table.key.flatMap((name) => table.columns.filter((column) => column.name === name));
  return decodeRow(after, { ...table, columns });
}

async function countAll(rows: Rows, tables: readonly Table[]): Promise<number> {
  let total = 0;
  for (const { name } of tables) {
    const [row] = await rows.query(`SELECT count(*) FROM ${name}`);
    total += Number(row?.[0] ?? 0);
  }
  return total;
}

/** Counts and sums over all rows of both sides, and the chains of what arrived. */
async function compare(
  source: Rows,
  target: Rows,
): Promise<{ readonly counts: Record<string, number>; readonly total: number }> {
  const chains = new Chains();
  const counts: Record<string, number> = {};
  for (const table of tablesAt(newestSchema)) {
    // The source is marked as moved, and only that differs.
    if (table.name === "whereabouts") continue;
    const here = await sumOf(source, table, () => undefined);
    const there = await sumOf(target, table, (page) => chains.take(table, page));
    if (here.count !== there.count || here.sum !== there.sum)
      throw new StoreRefused(
        `${table.name} differs: ${here.count} rows in ${source.shown}, ${there.count} in ${target.shown}. Nothing was switched over; empty the target and move again.`,
      );
    counts[table.name] = here.count;
  }
  const fault = chains.fault();
  if (fault !== undefined) throw new StoreRefused(`What arrived in ${target.shown} does not fit: ${fault}.`);
  return { counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
}

/** The sum of all rows' digests, whatever their order: engines sort texts differently. */
async function sumOf(
  rows: Rows,
  table: Table,
  onPage: (page: readonly Cells[]) => void,
): Promise<{ readonly count: number; readonly sum: bigint }> {
  let count = 0;
  let sum = 0n;
  for await (const page of pagesOf(rows, table)) {
    onPage(page);
    count += page.length;
    for (const row of page) sum += BigInt(`0x${createHash("sha256").update(encodeRow(row)).digest("hex")}`);
  }
  return { count, sum };
}

async function finish(rows: Rows, settle: () => Promise<void>): Promise<void> {
  if ((await stateIn(rows)) !== undefined) {
    const home = await rows.home();
    await rows.begin("write");
    await rows.query("DROP TABLE arriving");
    await rows.query("UPDATE whereabouts SET moved = NULL, home = $1", [
      home === undefined ? null : JSON.stringify(home),
    ]);
    await rows.commit();
  }
  await settle();
}
