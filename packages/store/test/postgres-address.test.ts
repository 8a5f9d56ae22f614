// How an address of PostgreSQL is shown: never with what is secret in it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "../src/postgres/address.ts";

test("E2 of an address only hosts and database are ever shown, however the password is written", () => {
  const shown = [
    "postgres://u:hunter2@db.internal:5432/rescind",
    "postgres://u:hun@ter2@db.internal:5432/rescind",
    "postgres://db.internal:5432/rescind?user=u&password=hunter2",
  ].map((address) => parseAddress(address).shown);
  assert.deepEqual(new Set(shown), new Set(["db.internal:5432/rescind"]));
  const { servers } = parseAddress("postgres://u:p@ss@a.internal:5432,b.internal:5433/rescind");
  assert.deepEqual(
    servers.map(({ connectionString }) => connectionString),
    ["a.internal:5432", "b.internal:5433"].map((host) => `postgres://u:p@ss@${host}/rescind`),
  );
});
