// Members that stand twice in a JSON object, however they are spelled: JW-14.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hasUniqueMembers } from "../src/unique-members.ts";
import { thorough } from "./property.ts";

/** The same string with every letter as an escape. */
function escaped(name: string): string {
  const units = Array.from({ length: name.length }, (_, i) =>
    name.charCodeAt(i).toString(16).padStart(4, "0"),
  );
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`;
}

test("JW-14 what has no member twice is let through, whatever is in its strings", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
      assert.ok(hasUniqueMembers(JSON.stringify(value, null, indent)));
    }),
    thorough(500),
  );
});

test("JW-14 a member that stands twice is found, at any depth and in any spelling", () => {
  const spelling = fc.constantFrom(escaped, (name: string) => JSON.stringify(name));
  const wrap = fc.constantFrom("X", "[X]", '{"a":X}', '[{"a":[1,X]}]', '{ "a" : "}", "b" : X }');
  fc.assert(
    fc.property(
      fc.object({ maxDepth: 1 }),
      fc.string(),
      fc.jsonValue(),
      spelling,
      wrap,
      (object, name, value, spell, around) => {
        const rest = Object.entries(object).filter(([other]) => other !== name);
        const first = JSON.stringify({ ...Object.fromEntries(rest), [name]: 1 });
        const twice = `${first.slice(0, -1)} , ${spell(name)} : ${JSON.stringify(value)}}`;
        JSON.parse(twice);
        assert.ok(!hasUniqueMembers(around.replace("X", () => twice)), twice);
      },
    ),
    thorough(500),
  );
});
