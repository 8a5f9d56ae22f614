// PostgreSQL held to the same promises, so that what the statements share is real. The executor for use comes later.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Store } from "@rescind/store";
import { migrations } from "../src/migrations/migrations.ts";
import { openSqlStore } from "../src/sql-store.ts";
import { conformance } from "./conformance/conformance.ts";
import { fingerprint, firstPage, issuer, nowS, order, unit } from "./conformance/facts.ts";
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
  test("a database at schema 2 is brought to the newest and keeps its rows", async () => {
    if (cluster === undefined) throw new Error("the cluster is not running");
    const executor = await PostgresExecutor.open(cluster, "older", migrations.slice(0, 2));
    const of = unit("subject+client", "usr_1", "one");
    const fps = [unit("token", "tid_1"), of].map(fingerprint);
    const content = JSON.stringify({ unit: of, select: {}, reason: "administrator", final: false });
    await executor.apply([
      {
        sql: `INSERT INTO access_tokens (id, client_id, subject, scope, rev, iat, exp, offline, lineage)
          VALUES (7, 'two', 'two', '', 0, $1, $2, 0, $3)`,
        params: [nowS, nowS + 900, fps.join(" ")],
      },
      {
        sql: `INSERT INTO audit (number, order_id, seq, at_ms, action, actor_kind, actor_id, content, feed_hash, hash)
          VALUES (1, 9, 1, 1000, 'revoke', 'admin', 'admin', $1, '', '')`,
        params: [content],
      },
      { sql: "UPDATE feed_head SET audit_number = 1", params: [] },
    ]);
    await executor.migrate(migrations.slice(2));
    const store = await openSqlStore(executor, { issuer });
    const [fp = ""] = fps;
    const request = { unit: unit("token", "tid_1"), fp, before: undefined, at: nowS, limitMs: 60_000 };
    assert.equal((await store.countAffected(request)).accessTokens, 1);
    await store.revoke(order(store, of));
    assert.equal((await store.countAffected(request)).accessTokens, 0, "by its lineage");
    const { items } = await store.listOrders({ subject: "usr_1", clientId: "one" }, firstPage);
    assert.deepEqual(items.at(-1)?.about, { subject: "usr_1", clientId: "one" });
    await store.close();
  });
}
