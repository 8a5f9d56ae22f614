// Two versions over one database: nodes are upgraded one after the other, and one that is not yet may restart meanwhile.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openStore, StoreRefused } from "@rescind/store";
import pg from "pg";
import { startCluster } from "../../../test/postgres.ts";
import type { Migration } from "../src/migrations/migration.ts";
import { migrations } from "../src/migrations/migrations.ts";
import { migrate } from "../src/postgres/migrate.ts";

const cluster = await startCluster();
after(() => cluster.stop());

const newest = migrations.at(-1)?.number ?? 0;

function later(number: number, compatibleFrom: number | undefined): Migration {
  return { number, compatibleFrom, sqlite: "", postgres: `CREATE TABLE later_${number} (id BIGINT)` };
}

/** Opens the database as a program that knows these steps besides. */
async function upgraded(database: string, more: readonly Migration[]): Promise<void> {
  const client = new pg.Client(database);
  await client.connect();
  try {
    await migrate(client, "the database", [...migrations, ...more]);
  } finally {
    await client.end();
  }
}

test("FAULTS 27 a server that runs goes on while a newer one has migrated, and may restart where that one says so", async () => {
  const database = await cluster.freshDatabase();
  const running = await openStore(database);
  await upgraded(database, [later(newest + 1, newest), later(newest + 2, newest - 1)]);
  assert.equal((await running.head()).position.seq, 0);
  const restarted = await openStore(database);
  assert.equal((await restarted.head()).position.seq, 0);
  await Promise.all([running.close(), restarted.close()]);
});

test("FAULTS 27 a newer schema that takes something away is refused, whatever came after it", async () => {
  for (const steps of [
    [later(newest + 1, undefined)],
    [later(newest + 1, newest + 1), later(newest + 2, newest)],
  ]) {
    const database = await cluster.freshDatabase();
    await (await openStore(database)).close();
    await upgraded(database, steps);
    await assert.rejects(openStore(database), StoreRefused);
  }
});
