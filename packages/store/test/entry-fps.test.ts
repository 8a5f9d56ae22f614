// Entries of the embedded database are found by fingerprint wherever they stand: in the table of the older ones, in the
// index of the newest, and after a restore, which brings entries only. Decision 0021.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Store } from "@rescind/store";
import { fingerprint, order, unit } from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

const many = 5000;
/** More than it takes in. */
const steps = 40;
const named = Array.from({ length: many }, (_, n) => unit("token", `tid_${n + 1}`));
const asked = [0, 1, 511, 512, 4094, 4095, 4096, 4097, many - 1].map((n) => ({ n, of: named[n] }));

test("C3 entries are found by fingerprint before and after the table takes them in, and when it was lost", async () => {
  const path = freshPath();
  const store = await openAt(path);
  for (let from = 0; from < many; from += 1000) {
    await store.revokeMany(named.slice(from, from + 1000).map((of) => order(store, of)));
    await findsAll(store, from + 1000);
  }
  // The table takes them in by steps, one after each commit: none is found twice in between, or not at all.
  for (let step = 0; step < steps; step++) {
    await store.passThrough(order(store, unit("token", "tid_never")));
    await findsAll(store, many);
  }
  assert.equal(await store.revoke(order(store, unit("token", "tid_again"))).then(({ seq }) => seq), many + 1);
  await store.close();
  assert.ok(counted(path, "entry_fps") >= 4096, "the table took in what it could");

  changed(path, "DELETE FROM entry_fps; UPDATE entry_fps_upto SET seq = 0");
  const again = await openAt(path);
  await findsAll(again, many);
  await again.close();
  assert.ok(counted(path, "entry_fps") >= 4096, "it was made again");

  changed(path, "DELETE FROM entries WHERE seq <= 100");
  assert.equal(counted(path, "entry_fps WHERE seq <= 100"), 0, "what is removed is not looked for");
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
