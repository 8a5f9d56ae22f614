// docs/conformance.md names each module that a case of ours transcribes, once for each plan, and no other.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const lines = readFileSync(join(root, "docs/conformance.md"), "utf8").split("\n");
const rows = lines
  .filter((line) => /^\| oidcc-/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const folder = join(root, "test/openid-suite");
const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
const code = sources.map((source) => source.replaceAll(/^\/\/.*$/gm, ""));
const cases = new Set(code.flatMap((source) => source.match(/oidcc-[a-z0-9-]*[a-z0-9](?=["':,])/g) ?? []));

test("every module has a line with a result, and every line a case", () => {
  const named = rows.map(([, module]) => String(module));
  assert.deepEqual([...cases].sort(), [...named].sort());
  for (const [, module, result] of rows)
    assert.ok(["passes", "warning", "skipped"].includes(String(result)), module);
});

test("what does not simply pass has its reason", () => {
  for (const [, module, result, reason] of rows) assert.ok(result === "passes" || reason, module);
});
