// `bench/growth.ts` at small sizes: that it runs and that its checks hold. Never a time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const growth = fileURLToPath(new URL("../../bench/growth.ts", import.meta.url));

test("the benchmark of growth runs every part, its checks hold, and it leaves nothing behind", () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-growth-"));
  const small = "--parts entries,tail,sustained --tokens 200 --entries 200 --expired 200 --requests 40".split(
    " ",
  );
  const args = ["--conditions=source", growth, ...small, "--starts", "1", "--seconds", "0.5", "--data", data];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, `${stderr}\n${stdout}`);
  for (const row of ["introspection", "revocation", "snapshot, bytes", "all"])
    assert.ok(stdout.includes(`| ${row}`), `${row} is missing in the tables`);
  assert.deepEqual(readdirSync(data), []);
  rmSync(data, { recursive: true });
});
