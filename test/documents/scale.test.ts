// docs/scale.md says what its arithmetic says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scaleTables } from "../../bench/scale.ts";

const read = (name: string): string => readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");

test("the tables of docs/scale.md are those that bench/scale.ts prints", () => {
  const page = read("scale.md");
  for (const printed of scaleTables().split("\n\n"))
    assert.ok(page.includes(printed), `docs/scale.md lacks this table; print it anew:\n${printed}`);
});
