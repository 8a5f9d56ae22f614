// No statement reads a growing table from its first row to its last: look-ups, issuing, orders, lists, counts, pruning.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startCluster } from "../../../test/postgres.ts";
import { callEverything } from "./postgres/everything.ts";
import { fill, recordingStore, scans } from "./postgres/plans.ts";

test("with 100,000 tokens every statement finds its rows by an index", async () => {
  const cluster = await startCluster();
  try {
    const address = await cluster.freshDatabase();
    const { store, statements } = await recordingStore(address);
    await fill(address, 100_000);
    await callEverything(store);
    assert.ok(statements.size > 80, String(statements.size));
    assert.deepEqual(await scans(address, statements.values()), []);
    await store.close();
  } finally {
    await cluster.stop();
  }
});
