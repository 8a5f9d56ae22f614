// Whatever text stands in a row, a backup has one line for it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { backUp, openStore } from "../src/index.ts";

test("a text with line separators, as anybody may send one, is no obstacle to a backup", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rescind-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const database = `sqlite:${join(folder, "rescind.db")}`;
  const store = await openStore(database);
  await store.replaceSecret("a\u2028b\u2029c\u0085d\r\ne\rf\ng", new Uint8Array(3));
  await store.close();
  const receipt = await backUp(database, join(folder, "whole.backup"));
  assert.equal(receipt.counts.secrets, 1);
});
