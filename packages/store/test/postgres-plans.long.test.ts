// The same with ten million tokens: what is found, listed, counted and pruned is found by an index, in time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startCluster } from "../../../test/postgres.ts";
import { callEverything } from "./postgres/everything.ts";
import { fill, filledId, recordingStore, scans } from "./postgres/plans.ts";

const tokens = 10_000_000;

test("with ten million tokens every statement finds its rows by an index", async () => {
  const cluster = await startCluster({ settings: { maintenance_work_mem: "256MB", max_wal_size: "4GB" } });
  try {
    const address = await cluster.freshDatabase();
    const { store, statements } = await recordingStore(address);
    await fill(address, tokens);
    await callEverything(store);
    assert.deepEqual(await scans(address, statements.values()), []);
    const began = performance.now();
    for (let n = 1; n <= 1000; n += 1)
      assert.ok((await store.findAccessToken(filledId(n * 9_973))).token, "the token is there");
    const perLookUp = (performance.now() - began) / 1000;
    console.log(`look-up among ${tokens} tokens: ${perLookUp.toFixed(2)} ms, one after the other`);
    await store.close();
  } finally {
    await cluster.stop();
  }
});
