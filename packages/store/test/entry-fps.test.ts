// Entries of the embedded database are found by fingerprint wherever they stand: in the table of the older ones, in the
// index of the newest, and after a restore, which brings entries only. Decision 0021.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Store } from "@rescind/store";
import { Connection } from "../src/sqlite/connection.ts";
import { FingerprintIntake } from "../src/sqlite/entry-fps.ts";
import { fingerprint, order, unit } from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

/** More than the table takes in together. */
const before = 20_000;
/** For so many it is behind. */
const many = 33_000;
const atOnce = 100;
const named = Array.from({ length: many }, (_, n) => unit("token", `tid_${n + 1}`));
const asked = [0, 1, 511, 512, 16382, 16383, 16384, before, many - 1].map((n) => ({ n, of: named[n] }));

test("C3 entries are found by fingerprint before and after the table takes them in, and when it was lost", async () => {
  const path = freshPath();
  const store = await openAt(path);
  const append = (from: number, to: number) =>
    store.revokeMany(named.slice(from, to).map((of) => order(store, of)));
  for (let from = 0; from < before; from += 1000) await append(from, from + 1000);
  await findsAll(store, before);
  // The table takes them in by steps while orders come: none is found twice in between, or not at all.
  for (let from = before; from < many; from += atOnce) {
    await append(from, from + atOnce);
    await findsAll(store, from + atOnce);
  }
  const logBytes = statSync(`${path}-wal`).size;
  assert.ok(logBytes < 12 * 1024 * 1024, `the write-ahead log has ${logBytes} bytes`);
  await store.close();
  const taken = counted(path, "entry_fps e WHERE e.seq <= (SELECT u.seq FROM entry_fps_upto u)");
  assert.ok(taken >= 16_384, `the table took in ${taken}`);

  changed(path, "DELETE FROM entry_fps; UPDATE entry_fps_upto SET seq = 0");
  const again = await openAt(path);
  await findsAll(again, many);
  const other = await again.revoke(order(again, unit("token", "tid_again")));
  assert.equal(other.seq, many + 1);
  await again.close();
  const made = counted(path, "entry_fps e WHERE e.seq <= (SELECT u.seq FROM entry_fps_upto u)");
  assert.equal(made, many, "it was made again, with all that there were when the database was opened");
  assert.equal(
    counted(path, "entry_fps e WHERE e.fp IS NOT (SELECT x.fp FROM entries x WHERE x.seq = e.seq)"),
    0,
  );

  changed(path, "DELETE FROM entries WHERE seq <= 100");
  assert.equal(counted(path, "entry_fps WHERE seq <= 100"), 0, "what is removed is not looked for");
});

test("the table goes on while somebody reads for so long that the write-ahead log cannot be emptied", async () => {
  const path = freshPath();
  const store = await openAt(path);
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM entries").get();
  const append = (from: number, to: number) =>
    store.revokeMany(named.slice(from, to).map((of) => order(store, of)));
  for (let from = 0; from < 17_000; from += 1000) await append(from, from + 1000);
  for (let from = 17_000; from < 18_000; from += atOnce) await append(from, from + atOnce);
  assert.ok(counted(path, "entry_fps") >= 1000);
  reader.close();
  await store.close();
});

test("FD-11 what two epochs have is taken in together, however many numbers lie between", async () => {
  const path = freshPath();
  await (await openAt(path)).close();
  const connection = new Connection({ path, busyTimeoutMs: 1000 });
  const epoch = 2 ** 45;
  const each = 17_000;
  connection.run("BEGIN", []);
  for (const after of [0, epoch])
    for (let n = 1; n <= each; n++)
      connection.run("INSERT INTO entries (seq, kind, fp, hash, at_ms) VALUES ($1, 'revoke', $2, '', 0)", [
        after + n,
        randomBytes(16).toString("base64url"),
      ]);
  connection.run("UPDATE feed_head SET seq = $1", [epoch + each]);
  connection.run("COMMIT", []);
  new FingerprintIntake().catchUp(connection);
  assert.deepEqual(connection.run("SELECT u.seq FROM entry_fps_upto u", []), [[epoch + each]]);
  assert.deepEqual(
    connection.run("SELECT count(*) FROM entry_fps f JOIN entries e ON e.seq = f.seq AND e.fp = f.fp", []),
    [[2 * each]],
  );
  connection.close();
});

async function findsAll(store: Store, so: number): Promise<void> {
  const wanted = asked.filter(({ n }) => n < so);
  const fps = wanted.map(({ of }) => fingerprint(of ?? assert.fail()));
  const { entries } = await store.findEntries([...fps, "A".repeat(22)]);
  assert.deepEqual(
    entries.map(({ seq, fp }) => [seq, fp]),
    wanted.map(({ n }, place) => [n + 1, fps[place]]),
  );
}

function counted(path: string, rows: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const { n } = database.prepare(`SELECT count(*) AS n FROM ${rows}`).get() ?? {};
  database.close();
  return Number(n);
}

function changed(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
