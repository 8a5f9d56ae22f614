// Links of the chain checked natively and by WebCrypto: the same ones are genuine.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { canonicalEntry, type FeedEntry, origin, unitNames } from "@rescind/core";
import fc from "fast-check";
import { checkByWebCrypto, checkLinks, type Link } from "../src/chain.ts";
import { thorough } from "./property.ts";

const seconds = fc.option(fc.nat(), { nil: undefined });
const anyEntry: fc.Arbitrary<FeedEntry> = fc.oneof(
  fc.record({
    seq: fc.maxSafeNat(),
    kind: fc.constant("revoke" as const),
    unit: fc.constantFrom(...unitNames),
    fp: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString("base64url")),
    before: seconds,
    suspend: fc.option(fc.constant(true), { nil: undefined }),
    expires: seconds,
  }),
  fc.record({
    seq: fc.maxSafeNat(),
    kind: fc.constant("lift" as const),
    lifts: fc.maxSafeNat(),
    expires: seconds,
  }),
  fc.record({ seq: fc.maxSafeNat(), kind: fc.constant("epoch" as const) }),
);

test("FD-05 both ways find what is genuine on a chain, and what was altered", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEntry, { minLength: 1, maxLength: 6 }),
      fc.nat(5),
      async (entries, altered) => {
        const links: Link[] = [];
        let previous = origin.hash;
        for (const entry of entries) {
          const bytes = Buffer.concat([Buffer.from(previous, "base64url"), canonicalEntry(entry)]);
          const hash = createHash("sha256").update(bytes).digest("base64url");
          links.push({ previous, entry, hash });
          previous = hash;
        }
        const at = altered % links.length;
        const wrong = links.map((link, i) =>
          i === at ? { ...link, entry: { ...link.entry, seq: (link.entry.seq + 1) % 2 ** 53 } } : link,
        );
        const malformed = links.map((link, i) => (i === at ? { ...link, previous: "no hash" } : link));
        for (const check of [checkLinks, checkByWebCrypto]) {
          assert.ok((await check(links)).every(({ genuine }) => genuine));
          for (const tampered of [wrong, malformed])
            assert.deepEqual(
              (await check(tampered)).map(({ genuine }) => genuine),
              links.map((_, i) => i !== at),
            );
        }
      },
    ),
    thorough(100),
  );
});
