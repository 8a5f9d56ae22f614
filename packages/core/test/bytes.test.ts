// Byte layouts: length-prefixed UTF-8 and canonical base64url (RFC 4648 section 5).
import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, fromBase64url, lengthPrefixed, toBase64url } from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";

const texts = fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 5 });

test("each text is four bytes of length and its UTF-8", () => {
  holds(
    fc.property(texts, (values) => {
      const parts = values.flatMap((value) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(Buffer.byteLength(value));
        return [length, Buffer.from(value)];
      });
      assert.deepEqual(Buffer.from(lengthPrefixed(values)), Buffer.concat(parts));
    }),
  );
});

test("two lists of texts have the same bytes only if they are the same", () => {
  holds(
    fc.property(texts, texts, (one, other) => {
      const same = Buffer.from(lengthPrefixed(one)).equals(lengthPrefixed(other));
      assert.equal(same, JSON.stringify(one) === JSON.stringify(other));
    }),
  );
  assert.notDeepEqual(lengthPrefixed(["ab", "c"]), lengthPrefixed(["a", "bc"]));
  assert.notDeepEqual(lengthPrefixed(["a", ""]), lengthPrefixed(["a"]));
});

test("a lone surrogate becomes U+FFFD, as every encoder has it", () => {
  assert.deepEqual(lengthPrefixed(["a\ud800"]), lengthPrefixed(["a\ufffd"]));
});

test("base64url is Node's, in both directions", () => {
  holds(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64url");
      assert.equal(toBase64url(bytes), text);
      assert.deepEqual(fromBase64url(text), Uint8Array.from(bytes));
    }),
  );
});

test("RV-12 no two texts of base64url mean the same bytes", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."AQgwBCDE_-+/= \n"), maxLength: 12 });
  holds(
    fc.property(letters, (text) => {
      const bytes = fromBase64url(text);
      if (bytes !== undefined) assert.equal(toBase64url(bytes), text);
      else assert.notEqual(Buffer.from(text, "base64url").toString("base64url"), text);
    }),
    2000,
  );
});

test("RV-12 padding, spare bits, white space, the other alphabet and lengths of 4n + 1 are refused", () => {
  for (const text of ["AA==", "AB", "AAB", "A", "AAAAA", "AA A", "AA\n", "+AAA", "/AAA", "AÄAA", "A😀A"])
    assert.equal(fromBase64url(text), undefined, JSON.stringify(text));
});

test("bytes are put one after the other", () => {
  holds(
    fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
      assert.deepEqual(Buffer.from(concatBytes(first, second)), Buffer.concat([first, second]));
    }),
  );
});
