// PostgreSQL held to the store's promises.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPostgres, type Store } from "@rescind/store";
import pg from "pg";
import { type Cluster, startCluster } from "../../../test/postgres.ts";
import { migrations } from "../src/migrations/migrations.ts";
import { migrate } from "../src/postgres/migrate.ts";
import { conformance } from "./conformance/conformance.ts";
import { fingerprint, firstPage, issuer, nowS, order, unit } from "./conformance/facts.ts";

let cluster: Cluster;

before(async () => {
  cluster = await startCluster();
  await cluster.query("CREATE DATABASE emptied");
  await (await openPostgres({ address: cluster.url("emptied"), issuer })).close();
  await cluster.query(keepRows, "emptied");
});
after(() => cluster.stop());

/** One database for all: made once, and as it was made for each; a database of its own would be 8 MB to copy. */
const ownTables = "schemaname = 'public' AND tablename NOT IN ('rescind_schema', 'nodes')";
const keepRows = `DO $$ DECLARE t TEXT; BEGIN
  CREATE SCHEMA kept;
  FOR t IN SELECT tablename FROM pg_tables WHERE ${ownTables} LOOP
    EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', t, t);
  END LOOP; END $$`;
const putBack = `SET session_replication_role = replica; DO $$ DECLARE t TEXT; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE ${ownTables} LOOP
    EXECUTE format('DELETE FROM public.%I; INSERT INTO public.%I SELECT * FROM kept.%I', t, t, t);
  END LOOP; END $$`;

const open = async (): Promise<Store> => {
  await cluster.query(putBack, "emptied");
  return openPostgres({ address: cluster.url("emptied"), issuer });
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
  const address = await cluster.freshDatabase();
  const of = unit("subject+client", "usr_1", "one");
  const fps = [unit("token", "tid_1"), of].map(fingerprint);
  const content = JSON.stringify({ unit: of, select: {}, reason: "administrator", final: false });
  const client = new pg.Client(address);
  await client.connect();
  await migrate(client, "test", migrations.slice(0, 2));
  await client.query(
    `INSERT INTO access_tokens (id, client_id, subject, scope, rev, iat, exp, offline, lineage)
      VALUES (7, 'two', 'two', '', 0, $1, $2, 0, $3)`,
    [nowS, nowS + 900, fps.join(" ")],
  );
  await client.query(
    `INSERT INTO audit (number, order_id, seq, at_ms, action, actor_kind, actor_id, content, feed_hash, hash)
      VALUES (1, 9, 1, 1000, 'revoke', 'admin', 'admin', $1, '', '')`,
    [content],
  );
  await client.query("UPDATE feed_head SET audit_number = 1");
  await client.end();
  const store = await openPostgres({ address, issuer });
  const [fp = ""] = fps;
  const request = { unit: unit("token", "tid_1"), fp, before: undefined, at: nowS, limitMs: 60_000 };
  assert.equal((await store.countAffected(request)).accessTokens, 1);
  await store.revoke(order(store, of));
  assert.equal((await store.countAffected(request)).accessTokens, 0, "by its lineage");
  const { items } = await store.listOrders({ subject: "usr_1", clientId: "one" }, firstPage);
  assert.deepEqual(items.at(-1)?.about, { subject: "usr_1", clientId: "one" });
  await store.close();
});
