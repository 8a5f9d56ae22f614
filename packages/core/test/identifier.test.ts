// Public ids: a prefix and the row id in decimal, with one spelling each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatId, type IdKind, idPrefixes, parseId } from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";

const kinds = fc.constantFrom<IdKind>("token", "grant", "session", "key", "revocation");
const rowIds = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);

test("an id is read as it was written, and by its own kind only", () => {
  holds(
    fc.property(kinds, kinds, rowIds, (kind, other, rowId) => {
      const id = formatId(kind, rowId);
      assert.equal(parseId(other, id), other === kind ? rowId : undefined);
    }),
  );
});

test("the prefixes are distinct, so that an id names its kind", () => {
  const prefixes = Object.values(idPrefixes);
  assert.equal(new Set(prefixes).size, prefixes.length);
});

test("RV-12 an id has one spelling", () => {
  const near = fc.string({ unit: fc.constantFrom(..."0123456789+- ex.,\n"), maxLength: 22 });
  holds(
    fc.property(near, (digits) => {
      const rowId = parseId("token", `tid_${digits}`);
      if (rowId !== undefined) assert.equal(formatId("token", rowId), `tid_${digits}`);
    }),
    2000,
  );
});

for (const text of [
  "",
  "tid_",
  "tid_0",
  "tid_01",
  "tid_-1",
  "tid_1.0",
  "tid_1 ",
  " tid_1",
  "TID_1",
  "tid_٣",
  "tid_9223372036854775808",
  "tid_10000000000000000000",
  "gnt_1",
])
  test(`${JSON.stringify(text)} is no token id`, () => assert.equal(parseId("token", text), undefined));

test("the greatest id of 63 bits is one", () => {
  assert.equal(parseId("token", "tid_9223372036854775807"), "9223372036854775807");
});
