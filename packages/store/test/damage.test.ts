// FAULTS row 8: a file that is damaged, cut, replaced or missing is refused loudly and never taken for an empty
// database.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StoreRefused } from "@rescind/store";
import { randomFrom, rounds, seed } from "../../../test/seed.ts";
import { until } from "../../../test/until.ts";
import { lookOf } from "../src/sqlite/file.ts";
import { accessToken, opened, order, unit } from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

const random = randomFrom(seed);
const victim = fileURLToPath(new URL("./crash-victim.ts", import.meta.url));

test("FAULTS 8: a database cut anywhere is refused", async () => {
  const path = await filled();
  const { size } = statSync(path);
  for (const bytes of [0, 1, 15, 99, 100, 4095, 4096, ...several(() => Math.floor(random() * size))]) {
    const copy = copyOf(path);
    truncateSync(copy, bytes);
    await assert.rejects(openAt(copy), StoreRefused, `cut to ${bytes} bytes`);
  }
});

test("FAULTS 8: a page overwritten with noise is refused, wherever it is", async () => {
  const path = await filled();
  const pages = statSync(path).size / 4096;
  for (const page of several(() => Math.floor(random() * pages))) {
    const copy = copyOf(path);
    const bytes = readFileSync(copy);
    for (let at = page * 4096; at < (page + 1) * 4096; at += 1) bytes[at] = Math.floor(random() * 256);
    writeFileSync(copy, bytes);
    await assert.rejects(openAt(copy), StoreRefused, `page ${page}`);
  }
});

test("FAULTS 8: a database that was removed is not begun anew beside what is left of it", async () => {
  const path = await filled();
  const copy = copyOf(path);
  copyFileSync(`${path}-mark`, `${copy}-mark`);
  rmSync(copy);
  await assert.rejects(openAt(copy), StoreRefused);
  assert.equal(existsSync(copy), false);
});

test("FAULTS 9: an older copy put in the place of a database that was closed is known for one", async () => {
  const path = freshPath();
  const first = await openAt(path);
  await first.revoke(order(first, unit("all", "")));
  await first.close();
  const older = copyOf(path);
  const second = await openAt(path);
  await second.revoke(order(second, unit("all", "")));
  await second.close();
  copyFileSync(older, path);
  const restored = await openAt(path);
  const { pending } = await restored.whereabouts();
  assert.deepEqual([pending?.cause, pending?.above, pending?.keepTokens], ["behind", 2, false]);
  await restored.close();
  const branch = await openAt(older);
  await branch.revoke(order(branch, unit("subject", "usr_1")));
  await branch.close();
  const longer = copyOf(older);
  writeFileSync(`${longer}-mark`, `2.${"A".repeat(43)} closed\n`);
  const other = await openAt(longer);
  assert.equal((await other.whereabouts()).pending?.cause, "behind", "as long, but another log");
  await other.close();
});

test("FAULTS 8: a database behind what it had reached is refused where it was not closed", async () => {
  const path = freshPath();
  const store = await openAt(path);
  await store.revoke(order(store, unit("all", "")));
  await store.close();
  const older = copyOf(path);
  writeFileSync(`${older}-mark`, `2.${"A".repeat(43)}\n`);
  await assert.rejects(
    openAt(older),
    /older than it was: its log ends at 1, but it had reached 2.*--in-place/,
  );
  writeFileSync(`${older}-mark`, `1.${"A".repeat(43)}\n`);
  await assert.rejects(openAt(older), StoreRefused, "as long, but another log");
});

test("FAULTS 1 8: after a kill a large file is looked through where the machine or the file is another one, and only there", async () => {
  const path = await filled();
  const database = new DatabaseSync(path);
  database.exec(`INSERT INTO secrets (name, sealed) VALUES ('large', zeroblob(${17 * 1024 * 1024}))`);
  database.close();
  await killed(path);
  const [mark, look] = [readFileSync(`${path}-mark`, "utf8"), "quick_check(1)"];
  assert.equal(lookOf(path), undefined, "the same machine's run");
  const copy = copyOf(path);
  for (const end of ["-wal", "-mark"]) copyFileSync(`${path}${end}`, `${copy}${end}`);
  assert.equal(lookOf(copy), look, "another file, though the mark is the same");
  for (const other of [mark.replace(/ open .{8}/, " open 00000000"), mark.replace(/ open .*/, ""), ""]) {
    writeFileSync(`${path}-mark`, other);
    assert.equal(lookOf(path), look, other);
  }
  // A page that was not written since: the write-ahead log has no newer one to read instead.
  const page = pageOf(copy, "secrets");
  const bytes = readFileSync(copy);
  bytes[page] = 0x5a;
  writeFileSync(copy, bytes);
  await assert.rejects(openAt(copy), StoreRefused);
  writeFileSync(`${path}-mark`, mark);
  const store = await openAt(path);
  assert.ok(
    (await store.head()).position.seq >= Number.parseInt(mark, 10),
    "it is opened, and nothing is lost",
  );
  await store.close();
  assert.equal(lookOf(path), undefined, "closed cleanly");
});

test("FAULTS 8: an entry changed behind our back at the head of the log is noticed", async () => {
  const path = await filled();
  const database = new DatabaseSync(path);
  database.exec("UPDATE entries SET hash = 'x' WHERE seq = (SELECT max(seq) FROM entries)");
  database.close();
  await assert.rejects(openAt(path), StoreRefused);
});

test("files of other programs and newer schemas are refused with the reason", async () => {
  const foreign = freshPath();
  mkdirSync(dirname(foreign), { recursive: true });
  const database = new DatabaseSync(foreign);
  database.exec("CREATE TABLE t (a)");
  database.close();
  await assert.rejects(openAt(foreign), /database of another program/);
  const text = freshPath();
  mkdirSync(dirname(text), { recursive: true });
  writeFileSync(
    text,
    "not a database at all, but long enough to hold what a header of SQLite would have held there ".repeat(3),
  );
  await assert.rejects(openAt(text), StoreRefused);
  const newer = await filled();
  const ours = new DatabaseSync(newer);
  ours.exec("PRAGMA user_version = 1000");
  ours.close();
  await assert.rejects(openAt(newer), /schema 1000.*newer version/);
});

test("a database belongs to the issuer it was first opened with", async () => {
  const path = freshPath();
  await (await openAt(path, { issuer: undefined })).close();
  await (await openAt(path, { issuer: "https://one.example" })).close();
  await assert.rejects(
    openAt(path, { issuer: "https://two.example" }),
    /belongs to the issuer https:\/\/one/,
  );
  await (await openAt(path, { issuer: undefined })).close();
});

test("A5 a database of an issuer on loopback moves along to the next one, and what was revoked stays revoked", async () => {
  const path = freshPath();
  const [first, second] = ["http://127.0.0.1:9400", "http://127.0.0.1:9500"];
  const token = (issuer: string) => ({ ...unit("token", "tid_1"), issuer });
  const store = await openAt(path, { issuer: first });
  for (const issuer of [first, "https://foreign.example"]) await store.revoke(order(store, token(issuer)));
  await store.close();
  for (const issuer of [second, "https://one.example"]) {
    const moved = await openAt(path, { issuer });
    const { entries } = await moved.readFeed(0, 10);
    assert.deepEqual(
      entries.map((entry) => entry.kind === "revoke" && entry.issuer),
      [issuer, "https://foreign.example"],
    );
    assert.equal((await moved.revoke(order(moved, token(issuer)))).appended, false);
    assert.equal((await moved.verifyAudit()).brokenAt, undefined);
    await moved.close();
  }
  await assert.rejects(openAt(path, { issuer: first }), /belongs to the issuer https:\/\/one/);
});

test("E1 an edited, removed or added audit record breaks the chain where it was touched", async () => {
  const edits: [string, number][] = [
    ["UPDATE audit SET content = replace(content, 'usr_2', 'usr_9') WHERE number = 2", 2],
    ["UPDATE audit SET at_ms = at_ms + 1 WHERE number = 3", 3],
    ["UPDATE audit SET actor_id = 'somebody' WHERE number = 4", 4],
    ["UPDATE audit SET seq = 1 WHERE number = 5", 5],
    ["UPDATE audit SET order_id = order_id + 1000000 WHERE number = 6", 6],
    ["UPDATE audit SET action = 'lift' WHERE number = 7", 7],
    ["DELETE FROM audit WHERE number = 8", 8],
    ["DELETE FROM audit WHERE number = 10", 10],
    ["DELETE FROM audit", 1],
  ];
  for (const [edit, brokenAt] of edits) {
    const path = freshPath();
    const store = await openAt(path);
    for (let index = 1; index <= 10; index += 1)
      await store.revoke(order(store, unit("subject", `usr_${index}`)));
    assert.equal((await store.verifyAudit()).brokenAt, undefined);
    const other = new DatabaseSync(path);
    other.exec(edit);
    other.close();
    assert.equal((await store.verifyAudit()).brokenAt, brokenAt, edit);
    await store.close();
  }
});

/** A process writes to it, and is killed once the position it has reached is noted. */
async function killed(path: string): Promise<void> {
  const child = spawn(process.execPath, ["--conditions=source", victim, path], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const noted = (): boolean => / open \S+\n$/.test(readFileSync(`${path}-mark`, "utf8"));
  await until(async () => noted() && existsSync(`${path}-wal`)).finally(() => child.kill("SIGKILL"));
  await ended;
}

/** Where the root page of a table begins. */
function pageOf(path: string, table: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table);
  database.close();
  return (Number(row?.rootpage) - 1) * 4096;
}

async function filled(): Promise<string> {
  const path = freshPath();
  const store = await openAt(path);
  for (let index = 0; index < 40; index += 1) {
    await opened(store, { subject: `usr_${index}` });
    await store.issue(accessToken(store));
    await store.revoke(order(store, unit("subject", `usr_${index}`)));
  }
  await store.close();
  assert.equal(existsSync(`${path}-wal`), false, "closed cleanly");
  return path;
}

function copyOf(path: string): string {
  const copy = freshPath();
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(path, copy);
  return copy;
}

function several(of: () => number): number[] {
  return Array.from({ length: rounds(8, 60) }, of);
}
