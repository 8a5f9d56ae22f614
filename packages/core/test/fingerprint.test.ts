// Fingerprints against the published vectors, which were computed by another program. docs/reference/feed.md
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { fingerprintInput, fingerprintLength, type Unit, unitKey, unitNames } from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { readDocument, readVectors } from "./vectors.ts";
import { units } from "./world.ts";

const { key, vectors } = readVectors("fingerprint");

function unitIn({ unit, issuer, value, client }: (typeof vectors)[number]): Unit {
  return client === undefined ? { name: unit, issuer, value } : { name: unit, issuer, value, client };
}

function fingerprint(unit: Unit): string {
  const mac = createHmac("sha256", Buffer.from(key, "base64url")).update(fingerprintInput(unit)).digest();
  return mac.subarray(0, fingerprintLength).toString("base64url");
}

for (const vector of vectors) {
  const of = [vector.unit, vector.value, vector.client].filter(Boolean).join(" ");
  test(`the bytes and the fingerprint of ${of} (${vector.issuer}) are the published ones`, () => {
    assert.equal(Buffer.from(fingerprintInput(unitIn(vector))).toString("hex"), vector.input);
    assert.equal(fingerprint(unitIn(vector)), vector.fp);
  });
}

test("there is a vector for every unit, and no two have the same fingerprint", () => {
  assert.deepEqual(new Set(vectors.map((vector) => vector.unit)), new Set(unitNames));
  assert.equal(new Set(vectors.map((vector) => vector.fp)).size, vectors.length);
});

test("the reference page shows the key and every vector", () => {
  const page = readDocument("reference/feed.md");
  assert.ok(page.includes(Buffer.from(key, "base64url").toString("hex")));
  for (const { input, fp } of vectors) {
    assert.ok(page.includes(input), `docs/reference/feed.md lacks ${input}`);
    assert.ok(page.includes(fp), `docs/reference/feed.md lacks ${fp}`);
  }
});

test("FD-12 two units have the same bytes only if they are the same", () => {
  const free = fc.record({
    name: fc.constantFrom(...unitNames),
    issuer: fc.string({ maxLength: 6 }),
    value: fc.string({ maxLength: 6 }),
    client: fc.option(fc.string({ maxLength: 6 }), { nil: undefined }),
  });
  const any = fc.oneof(units, free);
  holds(
    fc.property(any, any, (one, other) => {
      const same = Buffer.from(fingerprintInput(one)).equals(fingerprintInput(other));
      const identical =
        unitKey(one) === unitKey(other) && (one.client === undefined) === (other.client === undefined);
      assert.equal(same, identical);
    }),
  );
});
