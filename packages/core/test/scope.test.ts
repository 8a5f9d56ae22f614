// Scopes: RFC 6749 section 3.3.
import assert from "node:assert/strict";
import { test } from "node:test";
import { grantScope, includesScope, parseScope, rescindScopes } from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";

const values = fc.constantFrom<string>("a", "b", "c", "rescind:read", "rescind:revoke", "rescind:admin");
const lists = fc.uniqueArray(values);

test("a scope is split at spaces, repeats dropped, order kept", () => {
  assert.deepEqual(parseScope("b a b"), ["b", "a"]);
  assert.deepEqual(parseScope("  a   b "), ["a", "b"]);
});

test("absent, empty and blank ask for nothing", () => {
  for (const text of [undefined, "", " "]) assert.deepEqual(parseScope(text), []);
});

test("WEB-13 anything but visible ASCII without quotes and backslashes is invalid_scope", () => {
  for (const text of ['a"b', "a\\b", "ä", "a\tb", "a\nb", "a\0", "a\u00a0b", "\ud800", "\x7f"]) {
    const refused = parseScope(text);
    assert.ok("error" in refused && refused.error === "invalid_scope", JSON.stringify(text));
  }
});

test("WEB-06 a scope of more than 4096 characters is refused before it is split", () => {
  assert.deepEqual(parseScope("a".repeat(4096)), ["a".repeat(4096)]);
  const refused = parseScope("a".repeat(4097));
  assert.ok("error" in refused && refused.error === "invalid_request");
});

test("whatever the text, what is read consists of scope values and reads the same again", () => {
  holds(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(values).map((list) => list.join(" ")),
      ),
      (text) => {
        const read = parseScope(text);
        if ("error" in read) return;
        assert.ok(read.every((value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)));
        assert.deepEqual(parseScope(read.join(" ")), read);
      },
    ),
  );
});

test("RT-08 what is granted is never more than what may be had, and all that was asked or nothing", () => {
  holds(
    fc.property(lists, lists, (asked, allowed) => {
      const granted = grantScope(asked, allowed);
      if ("error" in granted) {
        assert.equal(granted.error, "invalid_scope");
        assert.ok(asked.some((value) => !allowed.includes(value)));
        return;
      }
      assert.ok(granted.every((value) => allowed.includes(value)));
      assert.deepEqual(granted, asked.length > 0 ? asked : allowed);
    }),
  );
});

test("RT-08 a chain of narrowings never gets back what was given up", () => {
  holds(
    fc.property(lists, fc.array(lists, { maxLength: 5 }), (first, asks) => {
      let held: readonly string[] = first;
      for (const asked of asks) {
        const granted = grantScope(asked, held);
        if ("error" in granted) continue;
        assert.ok(granted.every((value) => held.includes(value)));
        held = granted;
      }
    }),
  );
});

test("rescind:admin includes rescind:revoke includes rescind:read, and nothing else includes anything", () => {
  const includes = (granted: string) =>
    rescindScopes.filter((required) => includesScope([granted], required));
  assert.deepEqual(includes("rescind:read"), ["rescind:read"]);
  assert.deepEqual(includes("rescind:revoke"), ["rescind:read", "rescind:revoke"]);
  assert.deepEqual(includes("rescind:admin"), ["rescind:read", "rescind:revoke", "rescind:admin"]);
  for (const alone of ["rescind:feed", "rescind:introspect", "rescind:account"])
    assert.deepEqual(includes(alone), [alone]);
  for (const near of ["rescind", "rescind:", "RESCIND:ADMIN", "rescind:admin2"])
    assert.deepEqual(includes(near), []);
});
