// docs/coming-from: every page has a test that runs it, and a line in the list; the list and README lead to them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "docs/coming-from");
const pages = readdirSync(folder).filter((name) => name !== "README.md");
const list = readFileSync(join(folder, "README.md"), "utf8");

test("every page has a test that runs all of its blocks", () => {
  for (const page of pages) {
    const name = page.replace(/\.md$/, "");
    const source = readFileSync(join(root, "test/systems", `${name}.test.ts`), "utf8");
    assert.match(source, new RegExp(`comingFrom\\("${name}"`), page);
    assert.match(source, /page\.unused\(\), \[\]/, page);
  }
});

test("the list names every page once and no other, and README leads to the list", () => {
  const linked = [...list.matchAll(/\]\(([a-z0-9-]+\.md)\)/g)].map(([, name]) => name);
  assert.deepEqual(linked.toSorted(), pages.toSorted());
  assert.match(readFileSync(join(root, "README.md"), "utf8"), /\(docs\/coming-from\/README\.md\)/);
});

test("every page says what is there, what is here and what is better, in this order", () => {
  for (const page of pages) {
    const text = readFileSync(join(folder, page), "utf8");
    const places = ["**There.**", "**Here.**", "**Better.**"].map((mark) => text.indexOf(mark));
    assert.ok(
      places.every((place, index) => place > (places[index - 1] ?? 0)),
      page,
    );
  }
});
