// One noun of the protocol a file: short enough to be read at once, and named for what is in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filesBelow, read } from "./sources.ts";

const mostLines = 400;
const drawers = [
  "util",
  "utils",
  "helper",
  "helpers",
  "common",
  "manager",
  "service",
  "base",
  "misc",
  "impl",
];
const files = ["packages", "test", "bench", "examples", "scripts"].flatMap(filesBelow);

test(`no file has more than ${mostLines} lines`, () => {
  for (const file of files) {
    const lines = read(file).trimEnd().split("\n").length;
    assert.ok(
      lines <= mostLines,
      `${file} has ${lines} lines: it holds more than one noun; find the second one`,
    );
  }
});

test("no file or folder is named like a drawer", () => {
  for (const file of files) {
    const word = file
      .replace(/\.[^/]*$/, "")
      .split(/[/.-]/)
      .find((part) => drawers.includes(part));
    assert.equal(word, undefined, `${file}: "${word}" says nothing of what is inside; name the noun`);
  }
});
