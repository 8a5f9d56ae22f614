// The fingerprints that a verifier computes, by Node's hashing and by WebCrypto: both are those of the vectors.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Judged, UnitName } from "@rescind/core";
import fc from "fast-check";
import { Fingerprints } from "../src/fingerprints.ts";
import { nativeCrypto, nativeVerification } from "../src/native-crypto.ts";
import { thorough } from "./property.ts";

interface Vectors {
  readonly key: string;
  readonly vectors: readonly {
    readonly unit: UnitName;
    readonly issuer: string;
    readonly value: string;
    readonly client?: string;
    readonly fp: string;
  }[];
}

const file = new URL("../../core/test/vectors/fingerprint.json", import.meta.url);
const { key, vectors } = JSON.parse(readFileSync(file, "utf8")) as Vectors; // the published vectors

const token: Judged = {
  issuer: "https://as.example",
  ours: true,
  tokenId: "tid_318402958471168001",
  grantId: "gnt_318402958471168000",
  sessionId: "ses_318402958471160000",
  subject: "usr_8Zq2WbXk4n",
  clientId: "shop",
  keyId: "key_318402958471150000",
  signingKey: "es256-2025-06",
  offline: false,
  expiresAt: 0,
  lineage: ["AAAAAAAAAAAAAAAAAAAAAA"],
};

const everyUnit = (): boolean => true;

for (const [how, native] of [
  ["Node's hashing", nativeCrypto],
  ["WebCrypto", undefined],
] as const)
  test(`a token's fingerprints by ${how} are those of the vectors, the second time too`, async () => {
    const fingerprints =
      native === undefined
        ? await Fingerprints.byWebCrypto(new Uint8Array(Buffer.from(key, "base64url")))
        : await Fingerprints.underKey(new Uint8Array(Buffer.from(key, "base64url")));
    const units: readonly UnitName[] = [
      ...(["all", "token", "subject", "grant", "session", "logout"] as const),
      ...(["client", "subject+client", "key", "signing-key"] as const),
    ];
    const expected = units.map(
      (unit) => vectors.find((vector) => vector.unit === unit && vector.issuer === token.issuer)?.fp,
    );
    for (let i = 0; i < 2; i++)
      assert.deepEqual((await fingerprints.of(token))(everyUnit), [...expected, ...token.lineage]);
  });

test("Node's hashing is found where it is there, and its signatures", () => {
  assert.ok(nativeCrypto?.hash !== undefined);
  assert.ok(nativeVerification !== undefined);
});

test("of a kind of unit that no entry is of, no fingerprint is made, until there is one", async () => {
  const native = await Fingerprints.underKey(new Uint8Array(Buffer.from(key, "base64url")));
  const of = await native.of(token);
  const held = new Set<UnitName>();
  const named = (unit: UnitName) =>
    vectors.find((vector) => vector.unit === unit && vector.issuer === token.issuer)?.fp;
  assert.deepEqual(
    of((unit) => held.has(unit)),
    token.lineage,
  );
  for (const unit of ["subject", "all", "key"] as const) {
    held.add(unit);
    const found = of((name) => held.has(name));
    assert.deepEqual(new Set(found), new Set([...[...held].map(named), ...token.lineage]));
  }
});

test("whatever is hashed under whatever key, both ways of hashing give the same fingerprint", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 16, maxLength: 100 }),
      fc.string({ maxLength: 1200, unit: "grapheme" }),
      async (secret, value) => {
        const bytes = new Uint8Array(secret);
        const [native, web] = await Promise.all([
          Fingerprints.underKey(bytes),
          Fingerprints.byWebCrypto(bytes),
        ]);
        const judged = { ...token, subject: value, tokenId: value };
        assert.deepEqual((await native.of(judged))(everyUnit), (await web.of(judged))(everyUnit));
      },
    ),
    thorough(100),
  );
});
