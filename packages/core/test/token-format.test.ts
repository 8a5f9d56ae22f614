// Opaque tokens against the published vectors and under every small change. CONTRACT.md section 4; docs/reference/tokens.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  formatToken,
  isRowId,
  parseToken,
  randomBytesPerToken,
  type TokenKind,
  tokenLength,
  tokenPrefixes,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { readDocument, readVectors } from "./vectors.ts";

const vectors = readVectors("token");
const greatest = 2n ** 63n - 1n;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

const kinds = fc.constantFrom<TokenKind>("access", "refresh", "code", "secret");
// Every length of number, and the edges where halves of it carry.
const rowIds = fc
  .oneof(
    fc.bigInt({ min: 0n, max: greatest }),
    fc.integer({ min: 0, max: 62 }).map((bits) => (1n << BigInt(bits)) - 1n),
    fc
      .tuple(fc.constantFrom(10n ** 9n, 62n ** 3n, 62n ** 3n * 10n ** 9n), fc.integer({ min: -2, max: 2 }))
      .map(([edge, off]) => edge + BigInt(off)),
    fc.integer({ min: 0, max: 3 }).map((off) => greatest - BigInt(off)),
  )
  .map(String);
// 96 bytes of which 43 are below 248: what a source of randomness gives but for one time in 2^90.
const random = fc
  .uint8Array({ minLength: randomBytesPerToken, maxLength: randomBytesPerToken })
  .filter((drawn) => drawn.filter((byte) => byte < 248).length >= 43);
const tokens = fc.tuple(kinds, rowIds, random).map(([kind, rowId, drawn]) => formatToken(kind, rowId, drawn));

describe("the published vectors", () => {
  for (const { kind, rowId, random, token } of vectors.tokens) {
    test(`${token} is written and read`, () => {
      assert.equal(formatToken(kind, rowId, bytes(random)), token);
      assert.deepEqual(parseToken(token), { kind, rowId });
    });
  }
  for (const { why, token } of vectors.refused)
    test(`RV-13 ${why} is refused`, () => assert.equal(parseToken(token), undefined));

  test("stand on the reference page", () => {
    const page = readDocument("reference/tokens.md");
    for (const { rowId, random, token } of vectors.tokens)
      for (const part of [rowId, random, token]) assert.ok(page.includes(part), part);
    for (const { token } of vectors.refused) assert.ok(page.includes(token), token);
  });
});

test("every row id of 63 bits is read as it was written, and no two give the same letters", () => {
  holds(
    fc.property(kinds, rowIds, random, (kind, rowId, drawn) => {
      const token = formatToken(kind, rowId, drawn);
      assert.equal(token.length, tokenLength);
      assert.match(token, /^r(?:at|rt|ac|cs)_[0-9A-Za-z]{60}$/);
      assert.deepEqual(parseToken(token), { kind, rowId });
      const naive = [...token.slice(4, 15)].reduce((value, letter) => value * 62n + worth(letter), 0n);
      assert.equal(String(naive), rowId);
    }),
    2000,
  );
});

test("row ids sort as their letters do, so that storage appends", () => {
  holds(
    fc.property(rowIds, rowIds, random, (one, other, drawn) => {
      const letters = (rowId: string) => formatToken("access", rowId, drawn).slice(4, 15);
      const order = BigInt(one) < BigInt(other) ? -1 : Number(BigInt(one) > BigInt(other));
      const sameOrder = letters(one) < letters(other) ? -1 : Number(letters(one) > letters(other));
      assert.equal(sameOrder, order);
    }),
  );
});

test("what is no row id is not written", () => {
  for (const rowId of [
    "",
    "-1",
    "01",
    "1.5",
    "1e3",
    "0x1",
    " 1",
    "1 ",
    "9223372036854775808",
    "99999999999999999999",
  ]) {
    assert.equal(isRowId(rowId), false, rowId);
    assert.throws(() => formatToken("access", rowId, new Uint8Array(96)), RangeError, rowId);
  }
});

test("RT-10 all 62 letters are equally likely at every place: each comes from as many bytes", () => {
  const places = new Map<string, number>();
  for (let byte = 0; byte < 248; byte++) {
    const secret = formatToken("access", "1", new Uint8Array(96).fill(byte)).slice(15, 58);
    assert.equal(secret, secret.charAt(0).repeat(43), "each letter comes from its own byte alone");
    places.set(secret.charAt(0), (places.get(secret.charAt(0)) ?? 0) + 1);
  }
  assert.equal(places.size, 62);
  assert.ok([...places.values()].every((count) => count === 4));
});

test("RT-10 a byte of 248 or more is drawn again, and too few bytes are an error, not a weak token", () => {
  const skipping = new Uint8Array(96).fill(7);
  skipping.fill(250, 0, 50);
  assert.equal(formatToken("code", "1", skipping), formatToken("code", "1", new Uint8Array(96).fill(7)));
  assert.throws(() => formatToken("access", "1", new Uint8Array(96).fill(248)), RangeError);
  assert.throws(() => formatToken("access", "1", new Uint8Array(42)), RangeError);
});

test("AC-05 a token of one kind is never read as another", () => {
  holds(
    fc.property(tokens, kinds, (token, kind) => {
      const parsed = parseToken(token);
      const renamed = tokenPrefixes[kind] + token.slice(4);
      assert.equal(parseToken(renamed) === undefined, parsed?.kind !== kind);
    }),
  );
});

describe("RV-13 a token is refused", () => {
  test("cut at any place, from either end", () => {
    holds(
      fc.property(tokens, fc.integer({ min: 0, max: tokenLength - 1 }), (token, at) => {
        assert.equal(parseToken(token.slice(0, at)), undefined);
        assert.equal(parseToken(token.slice(at + 1)), undefined);
      }),
    );
  });

  test("with anything before, after or inside", () => {
    holds(
      fc.property(tokens, fc.string({ minLength: 1 }), fc.nat(tokenLength), (token, extra, at) => {
        assert.equal(parseToken(token.slice(0, at) + extra + token.slice(at)), undefined);
      }),
    );
  });

  test("with any one character replaced by another", () => {
    const characters = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.constantFrom(..."0Az_"),
    );
    holds(
      fc.property(tokens, fc.nat(tokenLength - 1), characters, (token, at, character) => {
        if (token.charAt(at) === character) return;
        assert.equal(parseToken(token.slice(0, at) + character + token.slice(at + 1)), undefined);
      }),
      2000,
    );
  });

  test("with two neighbours exchanged", () => {
    holds(
      fc.property(tokens, fc.integer({ min: 4, max: tokenLength - 2 }), (token, at) => {
        const pair = token.charAt(at + 1) + token.charAt(at);
        const changed = token.slice(0, at) + pair + token.slice(at + 2);
        if (changed !== token) assert.equal(parseToken(changed), undefined);
      }),
    );
  });

  test("in any other case of its letters", () => {
    const flips = fc.array(fc.boolean(), { minLength: tokenLength, maxLength: tokenLength });
    holds(
      fc.property(tokens, flips, (token, flipped) => {
        const changed = [...token].map((letter, at) => (flipped[at] ? otherCase(letter) : letter)).join("");
        for (const text of [changed, token.toUpperCase(), token.toLowerCase()])
          if (text !== token) assert.equal(parseToken(text), undefined);
      }),
    );
  });

  test("made up at random, whatever its prefix and length", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."0123456789ABCxyz"), minLength: 60, maxLength: 60 });
    holds(
      fc.property(
        fc.oneof(
          fc.string(),
          letters,
          letters.map((text) => `rat_${text}`),
        ),
        (text) => {
          assert.equal(parseToken(text), undefined);
        },
      ),
    );
  });
});

function otherCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}

function worth(letter: string): bigint {
  return BigInt("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".indexOf(letter));
}
