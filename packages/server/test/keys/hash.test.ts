// SHA-256 and HMAC-SHA-256 are those of node:crypto, for every length of key and message, and that of RFC 4231.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { seed } from "../../../../test/seed.ts";
import { hmacSha256, sha256 } from "../../src/keys/hash.ts";

test("RFC 4231 section 4.3, a key shorter than the hash", () => {
  assert.equal(
    hmacSha256(Buffer.from("Jefe"))(Buffer.from("what do ya want for nothing?")).toString("hex"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

test("whatever key and message are, they are what createHash and createHmac make", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.array(bytes, { maxLength: 3 }), (key, messages) => {
      const keyed = hmacSha256(key);
      for (const message of messages) {
        assert.deepEqual(keyed(message), createHmac("sha256", key).update(message).digest());
        assert.deepEqual(sha256(message), createHash("sha256").update(message).digest());
      }
    }),
    { seed },
  );
});

test("a text is hashed as its UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.deepEqual(sha256(text), createHash("sha256").update(text).digest());
    }),
    { seed },
  );
});
