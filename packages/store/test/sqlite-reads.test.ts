// Reads of one turn of the event loop share a snapshot of the embedded database.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StoreUnavailable } from "@rescind/store";
import { SqliteExecutor } from "../src/sqlite/executor.ts";
import { openFile } from "../src/sqlite/file.ts";

async function withExecutor(use: (executor: SqliteExecutor) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "rescind-reads-"));
  const file = { path: join(directory, "rescind.db"), busyTimeoutMs: 1000 };
  const { reader } = openFile(file);
  const executor = new SqliteExecutor(reader, {
    ...file,
    reserveBytes: 0,
    queueLimit: 100,
    onFailure: undefined,
    writer: undefined,
  });
  try {
    await use(executor);
  } finally {
    await executor.close();
    rmSync(directory, { recursive: true });
  }
}

const asked = { sql: "SELECT c.number FROM catalog c", params: [] };
const next = { sql: "UPDATE catalog SET number = number + 1 RETURNING number", params: [] };

test("A1 a read sees every commit that was answered before it was asked for, whoever else reads at that moment", async () => {
  await withExecutor(async (executor) => {
    for (let round = 0; round < 50; round++) {
      const before = executor.read(asked);
      const committed = executor.apply([next]).then(async ([rows]) => {
        const [mine, others] = [executor.read(asked), executor.read(asked)];
        assert.deepEqual([await mine, await others], [rows, rows]);
      });
      await Promise.all([
        before,
        executor.read({ sql: `${asked.sql} WHERE 1 = $1`, params: [1] }),
        committed,
      ]);
    }
  });
});

test("a read that fails is rejected by itself, and so are those of a closed database", async () => {
  await withExecutor(async (executor) => {
    const [good, bad, also] = await Promise.allSettled([
      executor.read(asked),
      executor.read({ sql: "SELECT x FROM nowhere", params: [] }),
      executor.read({ sql: "SELECT $1", params: ["é"] }),
    ]);
    assert.deepEqual(good, { status: "fulfilled", value: [[0]] });
    assert.equal(bad.status === "rejected" && bad.reason instanceof StoreUnavailable, true);
    assert.deepEqual(also, { status: "fulfilled", value: [["é"]] });
    await executor.close();
    await assert.rejects(executor.read(asked), StoreUnavailable);
  });
});

test("intentions and what comes of them cross to the writer and back as they are, bytes and all", async () => {
  await withExecutor(async (executor) => {
    const values = ["text \u{1F600}", null, 1.5, -1, 2n ** 53n, new Uint8Array([0, 255]), new Uint8Array(0)];
    const echo = { sql: "SELECT $1, $2, $3, $4, CAST($5 AS TEXT), $6, $7", params: values };
    const [[first], second, [third]] = await Promise.all([
      executor.apply([echo, next]),
      assert.rejects(executor.apply([next, { sql: "SELECT $1 FROM nowhere", params: [-1] }])),
      executor.apply([{ sql: "SELECT 1 WHERE 1 = 0", params: [] }, echo]),
    ]);
    const same = [
      ["text \u{1F600}", null, 1.5, -1, String(2n ** 53n), new Uint8Array([0, 255]), new Uint8Array(0)],
    ];
    assert.deepEqual([first, second, third], [same, undefined, []]);
    assert.deepEqual(await executor.read(asked), [[1]]);
  });
});
