// PostgreSQL held to the same promises, so that what the statements share is real. The executor for use comes later.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Store } from "@rescind/store";
import { openSqlStore } from "../src/sql-store.ts";
import { conformance } from "./conformance/conformance.ts";
import { issuer } from "./conformance/facts.ts";
import { type Cluster, postgresBinaries, startCluster } from "./postgres/cluster.ts";
import { PostgresExecutor } from "./postgres/executor.ts";

const binaries = postgresBinaries();

if (binaries === undefined)
  test("PostgreSQL holds the store's promises", { skip: "PostgreSQL is not installed" });
else {
  let cluster: Cluster | undefined;
  let schemas = 0;
  before(async () => {
    cluster = await startCluster(binaries);
  });
  after(() => cluster?.stop());
  const open = async (): Promise<Store> => {
    if (cluster === undefined) throw new Error("the cluster is not running");
    schemas += 1;
    return openSqlStore(await PostgresExecutor.open(cluster, `test_${schemas}`), { issuer });
  };
  conformance("PostgreSQL", open);
  test("it is a real PostgreSQL that was asked", async () => {
    const store = await open();
    const { engine, version } = await store.describe();
    assert.equal(engine, "postgres");
    assert.ok(Number.parseInt(version, 10) >= 15, version);
    await store.close();
  });
}
