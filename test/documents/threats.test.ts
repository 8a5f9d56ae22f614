// Every row of the threat catalogue is held by a test that cites its id, or has its line in docs/security.md.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
/** Rows of the catalogue, by section. */
const rows = { RV: 22, IN: 10, RT: 14, AC: 24, JW: 14, FD: 13, WEB: 27 };
const ids = Object.entries(rows).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, row) => `${section}-${String(row + 1).padStart(2, "0")}`),
);
const cited = idsIn(testSources().join("\n"));
const lines = readFileSync(join(root, "docs/security.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| [A-Z]+-\d\d \|/.test(line));
const explained = lines.map((line) => line.slice(2, line.indexOf(" |")));

test("every threat has a test that cites it, or a reason why there is none", () => {
  assert.deepEqual(
    ids.filter((id) => !cited.has(id) && !explained.includes(id)),
    [],
    "cite the id in a test's name, or give the reason in docs/security.md",
  );
});

test("the page and the tests name no threat that is not in the catalogue, and the page none twice", () => {
  assert.deepEqual(
    [...cited, ...explained].filter((id) => !ids.includes(id)),
    [],
  );
  assert.equal(new Set(explained).size, explained.length);
});

test("each line of the page gives a reason", () => {
  for (const line of lines) {
    const [, , threat, reason] = line.split("|").map((cell) => cell.trim());
    assert.ok(threat && reason, line);
  }
});

/** Ids in names and tables of tests; what only a comment mentions is not held. */
function idsIn(source: string): Set<string> {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "").replaceAll(/\/\/ .*$/gm, "");
  return new Set(code.match(/\b(?:RV|IN|RT|AC|JW|FD|WEB)-\d\d\b/g));
}

function testSources(): string[] {
  const folders = readdirSync(join(root, "packages")).map((name) => join("packages", name, "test"));
  return [...folders, "packages/store/src/conformance", "test"]
    .flatMap((folder) => filesBelow(join(root, folder)))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(file, "utf8"));
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // a package without tests of its own
  }
}
