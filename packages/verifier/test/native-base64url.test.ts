// Base64url decoded natively: the same texts are canonical, with the same bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64url } from "@rescind/core";
import fc from "fast-check";
import { decodeBase64url } from "../src/native-base64url.ts";
import { thorough } from "./property.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("RV-12 JW-14 Node's decoding takes what is canonical, and nothing more", () => {
  assert.notEqual(decodeBase64url, fromBase64url, "this runtime has Node's");
  const letter = fc.constantFrom(...letters, "=", "+", "/", " ", "\n", "é", "\u{1d538}", "\0");
  const near = fc
    .array(fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...letters) }, letter))
    .map((all) => all.join(""));
  const encoded = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url"));
  fc.assert(
    fc.property(fc.oneof(near, encoded, fc.string()), (text) => {
      const [native, own] = [decodeBase64url(text), fromBase64url(text)];
      assert.deepEqual(native && [...native], own && [...own], JSON.stringify(text));
    }),
    thorough(2000),
  );
});
