// Statements that say of each row that they changed it: SQLite's own count of changes is asked instead of gathering rows,
// and says the same.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Connection } from "../src/sqlite/connection.ts";

const tables = `CREATE TABLE numbers (id INTEGER PRIMARY KEY, square INTEGER) STRICT;
  CREATE TABLE noted (id INTEGER) STRICT;
  CREATE TRIGGER changed AFTER UPDATE ON numbers BEGIN INSERT INTO noted VALUES (OLD.id), (NEW.id); END;
  CREATE TRIGGER removed AFTER DELETE ON numbers BEGIN INSERT INTO noted VALUES (OLD.id); END;`;

test("what changes rows says so of each of them, and of no other that changes with it", () => {
  const connection = new Connection({ path: ":memory:", busyTimeoutMs: 0 });
  const plain = new DatabaseSync(":memory:");
  connection.database.exec(tables);
  plain.exec(tables);
  const counts = [
    "INSERT INTO numbers (id) VALUES (1), (2), (3), (4) RETURNING 1",
    "INSERT INTO numbers (id) VALUES (1) ON CONFLICT DO NOTHING RETURNING 1",
    "INSERT INTO numbers (id) VALUES (4), (5) ON CONFLICT (id) DO UPDATE SET square = 16 RETURNING 1",
    "INSERT INTO numbers (id) SELECT 6 WHERE EXISTS (SELECT 1 FROM numbers WHERE id = 7) RETURNING 1",
    "UPDATE numbers SET square = id * id\n        RETURNING 1\n      ",
    "UPDATE numbers SET square = 0 WHERE id > 9 RETURNING 1",
    "INSERT INTO numbers (id) VALUES (9)",
    "DELETE FROM numbers WHERE id IN (SELECT n.id FROM numbers n WHERE n.id < 3) RETURNING 1",
    "DELETE FROM numbers WHERE id = 1 RETURNING 1",
    "DELETE FROM numbers RETURNING 1",
  ].map((sql) => {
    const rows = connection.run(sql, []);
    const expected = plain.prepare(sql).all().length;
    assert.deepEqual(rows, Array(expected).fill([1]), sql);
    return rows.length;
  });
  assert.deepEqual(counts, [4, 0, 2, 0, 5, 0, 0, 2, 0, 4]);
  assert.deepEqual(
    connection.run("SELECT count(*) FROM noted", []),
    plain.prepare("SELECT count(*) FROM noted").all().map(Object.values),
  );
  connection.close();
  plain.close();
});
