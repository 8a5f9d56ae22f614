// FAULTS row 8: a damaged database is refused at the start, loudly and by name, and is left as it is. It is never
// taken for an empty one, since that would bring every revoked JWT back to life. What a flipped bit does inside a
// stored value is not seen here: SQLite keeps no checksums of its pages.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { freePort } from "../free-port.ts";
import { ServerProcess, startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const scratch = mkdtempSync(join(tmpdir(), "rescind-damaged-"));
/** Of a server that was stopped, and of one that was killed with revocations in its write-ahead log only. */
const stopped = join(scratch, "stopped");
const killed = join(scratch, "killed");

before(async () => {
  const server = await startServerProcess({ flags: ["--log-level", "error"] });
  const client = await server.registerClient({ access_token_format: "opaque" });
  for (let i = 0; i < 40; i++) {
    const { refresh_token } = await server.openGrant(client, `subject-${i}`);
    const { status } = await server.form("/oauth2/revoke", { token: refresh_token }, client);
    assert.equal(status, 200);
  }
  const mark = join(server.data, "rescind.db-mark");
  await until(
    "the log's position is noted",
    () => existsSync(mark) && Number.parseInt(readFileSync(mark, "utf8"), 10) >= 40,
  );
  cpSync(server.data, killed, { recursive: true }); // taken while it runs: as after a kill at this moment
  server.signal("SIGTERM");
  await server.ended;
  cpSync(server.data, stopped, { recursive: true });
  await server.close();
});
after(() => rmSync(scratch, { recursive: true, force: true }));

describe("FAULTS 8 A4 the server refuses to start on", () => {
  test("a file of garbage", () =>
    refuses(stopped, (file) => writeFileSync(file, Buffer.alloc(64 * 1024, 0x5a))));
  test("an empty file", () => refuses(stopped, (file) => truncateSync(file, 0)));
  test("a database cut in the middle", () =>
    refuses(stopped, (file) => truncateSync(file, statSync(file).size / 2)));
  test("a database cut by one page", () =>
    refuses(stopped, (file) => truncateSync(file, statSync(file).size - 4096)));
  test("a database that is gone", () => refuses(stopped, (file) => rmSync(file), "gone"));
  test("another program's database", () =>
    refuses(stopped, (file) => {
      rmSync(file);
      const other = new DatabaseSync(file);
      other.exec("CREATE TABLE other (x)");
      other.close();
    }));
  test("a write-ahead log that was emptied", () => refuses(killed, (file) => truncateSync(`${file}-wal`, 0)));
  test("a write-ahead log that is gone", () => refuses(killed, (file) => rmSync(`${file}-wal`)));
  test("a write-ahead log cut in the middle", () =>
    refuses(killed, (file) => truncateSync(`${file}-wal`, statSync(`${file}-wal`).size / 2)));
  test("a write-ahead log with a flipped bit", () =>
    refuses(killed, (file) => flipBit(`${file}-wal`, 32 + 24 + 100)));

  for (const table of ["entries", "access_tokens", "refresh_tokens", "grants", "clients", "audit"]) {
    test(`a flipped bit in the head of a page of ${table}`, () =>
      refuses(stopped, (file) => flipBit(file, pageOf(file, table))));
  }
  for (const table of ["entries", "access_tokens"])
    test(`a torn page of ${table}`, () =>
      refuses(stopped, (file) => overwrite(file, pageOf(file, table), Buffer.alloc(2048))));
});

test("FAULTS 8 the same files undamaged start, and what was revoked is revoked", async () => {
  for (const original of [stopped, killed]) {
    const data = copyOf(original);
    const server = await startServerProcess({ data, flags: ["--log-level", "error"] });
    const answer = await server.admin("GET", "/admin/v1/revocations?limit=100");
    assert.equal((answer.json.items as unknown[]).length, 40); // parsing boundary: the admin contract
    await server.close();
  }
});

/** Starts on a damaged copy: it must end with a status other than 0, name the file, and leave the file alone. */
async function refuses(
  original: string,
  damage: (file: string) => void,
  how: "damaged" | "gone" = "damaged",
): Promise<void> {
  const data = copyOf(original);
  const file = join(data, "rescind.db");
  damage(file);
  const [digest, walDigest] = [digestOf(file), digestOf(`${file}-wal`)];
  const server = new ServerProcess({ data, flags: ["--log-level", "error"] }, await freePort());
  server.spawn();
  await until("the process ends", () => !server.isRunning, 120_000).finally(() => server.close());
  const { code } = await server.ended;
  assert.ok(code !== null && code > 0, `it ended with ${code}: ${server.output}`);
  assert.ok(server.output.includes(file), `the message names the file: ${server.output}`);
  if (how === "gone") assert.equal(existsSync(file), false, "no empty database is put in its place");
  else assert.equal(digestOf(file), digest, "the file is left as it is");
  assert.equal(digestOf(`${file}-wal`), walDigest, "the write-ahead log is left as it is");
}

function copyOf(original: string): string {
  const copy = mkdtempSync(join(scratch, "copy-"));
  cpSync(original, copy, { recursive: true });
  return copy;
}

/** No file counts as an empty one: looking at a database without a write-ahead log leaves one of no bytes. */
function digestOf(file: string): string {
  return createHash("sha256")
    .update(existsSync(file) ? readFileSync(file) : "")
    .digest("hex");
}

/** Where the root page of a table begins. */
function pageOf(file: string, table: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table);
  const [size] = Object.values(database.prepare("PRAGMA page_size").get() ?? {});
  database.close();
  assert.ok(row !== undefined, `there is a table ${table}`);
  return (Number(row.rootpage) - 1) * Number(size);
}

function flipBit(file: string, at: number): void {
  overwrite(file, at, Buffer.from([(readFileSync(file)[at] ?? 0) ^ 0x10]));
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const handle = openSync(file, "r+");
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}
