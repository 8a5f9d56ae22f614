// SHA-256 and HMAC are those of node:crypto, for every length of key and message, and that of RFC 4231.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { fingerprintInput, fingerprintLength, unitNames } from "@rescind/core";
import fc from "fast-check";
import { seed } from "../../../../test/seed.ts";
import { fingerprinting } from "../../src/keys/fingerprint.ts";
import { hmacSha256, hmacSha512, sha256 } from "../../src/keys/hash.ts";

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
      const keyed512 = hmacSha512(key);
      for (const message of messages) {
        assert.deepEqual(keyed(message), createHmac("sha256", key).update(message).digest());
        assert.deepEqual(keyed512(message), createHmac("sha512", key).update(message).digest());
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

test("a fingerprint is the HMAC of what core lays out, whichever units, issuers and lengths came before", () => {
  const issuers = ["https://auth.example", "https://ä.example", "i".repeat(5000)];
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.integer({ min: 0, max: 3000 }).map((length) => "ü".repeat(length)),
    fc.constant("\ud800"),
  );
  const units = fc.array(
    fc.record({
      name: fc.constantFrom(...unitNames),
      issuer: fc.constantFrom(...issuers),
      value: text,
      client: fc.option(text, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), units, (key, some) => {
      const fingerprint = fingerprinting(key);
      for (const unit of [...some, ...some]) {
        const mac = createHmac("sha256", key).update(fingerprintInput(unit)).digest();
        assert.equal(fingerprint(unit), mac.toString("base64url", 0, fingerprintLength));
      }
    }),
    { seed },
  );
});
