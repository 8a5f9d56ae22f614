// Signatures verified natively and by WebCrypto: the same ones are good, for every algorithm, and a key is only for its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { derSignature } from "../src/ecdsa-signature.ts";
import { readJwt } from "../src/jwt.ts";
import { asymmetricAlgorithms } from "../src/key-set.ts";
import {
  hasGoodSignature,
  type VerificationKey,
  verificationKey,
  webVerificationKey,
} from "../src/signature.ts";
import { thorough } from "./property.ts";

async function keys(alg: string) {
  const pair = await generateKeyPair(alg, { extractable: true });
  const key = await importJWK(await exportJWK(pair.publicKey), alg);
  assert.ok(!(key instanceof Uint8Array));
  const native = verificationKey(alg, key);
  assert.ok(native.check !== undefined, `${alg} is not verified natively`);
  const sign = (jti: string) => new SignJWT({ jti }).setProtectedHeader({ alg }).sign(pair.privateKey);
  return { native, web: webVerificationKey(alg, key), sign };
}

function isGood(text: string, alg: string, key: VerificationKey): boolean | Promise<boolean> {
  return hasGoodSignature({ text, alg, signature: signatureOf(text) }, key);
}

function signatureOf(text: string): Uint8Array {
  return readJwt(text).signature ?? new Uint8Array();
}

function withSignature(text: string, signature: Uint8Array): string {
  return `${text.slice(0, text.lastIndexOf("."))}.${Buffer.from(signature).toString("base64url")}`;
}

for (const alg of asymmetricAlgorithms)
  test(`RFC 7518 section 3 ${alg}: natively and by WebCrypto the same signatures are good`, async () => {
    const [one, other] = [await keys(alg), await keys(alg)];
    // Some of the numbers of an ECDSA signature are short, and some begin with a bit that reads as a sign.
    for (let i = 0; i < (alg.startsWith("ES") ? 40 : 5); i++) {
      const jws = await one.sign(`token-${i}`);
      const signature = signatureOf(jws);
      const at = i % signature.length;
      const changed = signature.map((byte, place) => (place === at ? byte ^ (1 << (i % 8)) : byte));
      const wrong = [changed, signature.subarray(1), new Uint8Array([...signature, 0])];
      for (const key of [one.native, one.web]) {
        assert.equal(await isGood(jws, alg, key), true);
        for (const bytes of wrong) assert.equal(await isGood(withSignature(jws, bytes), alg, key), false);
        assert.equal(await isGood(jws.replace(".", ".e30"), alg, key), false);
      }
      assert.equal(await isGood(jws, alg, other.native), false);
    }
  });

for (const alg of ["RS256", "PS256"])
  test(`RFC 8017 section 8 ${alg}: a signature without its leading zero is none, natively and by WebCrypto`, async () => {
    const one = await keys(alg);
    let jws = await one.sign("0");
    for (let i = 1; signatureOf(jws)[0] !== 0; i++) jws = await one.sign(String(i));
    const shorter = withSignature(jws, signatureOf(jws).subarray(1));
    for (const key of [one.native, one.web]) {
      assert.equal(await isGood(jws, alg, key), true);
      assert.equal(await isGood(shorter, alg, key), false);
    }
  });

test("RFC 7518 section 3.3 an RSA key of fewer than 2048 bits verifies nothing", async () => {
  const small = { name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = await crypto.subtle.generateKey({ ...small, hash: "SHA-256" }, true, ["sign", "verify"]);
  const input = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.e30`;
  const made = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", pair.privateKey, Buffer.from(input));
  const jws = `${input}.${Buffer.from(made).toString("base64url")}`;
  assert.equal(await isGood(jws, "RS256", verificationKey("RS256", pair.publicKey)), false);
});

test("JW-02 a key is natively for no algorithm but its own", async () => {
  for (const own of asymmetricAlgorithms) {
    const { native } = await keys(own);
    for (const alg of asymmetricAlgorithms) {
      const isSame = alg === own || (own.startsWith("Ed") && alg.startsWith("Ed"));
      assert.equal(verificationKey(alg, native.key).check !== undefined, isSame, `${own} for ${alg}`);
    }
  }
});

test("RFC 3279 section 2.2.3 the two numbers of a signature are read back from its DER", () => {
  const number = (length: number) =>
    fc
      .tuple(fc.nat(length), fc.uint8Array({ minLength: length, maxLength: length }))
      .map(([zeros, bytes]) => {
        return bytes.fill(0, 0, zeros);
      });
  fc.assert(
    fc.property(
      fc.constantFrom(32, 48, 66).chain((length) => fc.tuple(number(length), number(length))),
      ([r, s]) => {
        const der = derSignature(new Uint8Array([...r, ...s]), r.length);
        assert.ok(der !== undefined);
        const start = der[1] === 0x81 ? 3 : 2;
        assert.deepEqual([der[0], der[start - 1], der[start]], [0x30, der.length - start, 2]);
        const first = der.subarray(start + 2, start + 2 + (der[start + 1] ?? 0));
        const second = der.subarray(start + 2 + first.length);
        assert.deepEqual([second[0], second[1]], [2, second.length - 2]);
        for (const [written, raw] of [
          [first, r],
          [second.subarray(2), s],
        ] as const) {
          assert.equal(
            BigInt(`0x${Buffer.from(written).toString("hex")}`),
            BigInt(`0x${Buffer.from(raw).toString("hex")}`),
          );
          assert.ok((written[0] ?? 0) < 0x80, "a number is not negative");
          assert.ok(
            written.length === 1 || written[0] !== 0 || (written[1] ?? 0) >= 0x80,
            "no zero too many",
          );
        }
      },
    ),
    thorough(300),
  );
});
