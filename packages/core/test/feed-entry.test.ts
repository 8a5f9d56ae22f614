// Entries on the wire, the hash chain against the published vectors, positions. docs/reference/feed.md
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import {
  canonicalEntry,
  canonicalMembers,
  chainInput,
  concatBytes,
  type FeedEntry,
  firstOfEpoch,
  follows,
  formatPosition,
  lengthPrefixed,
  origin,
  parseFeedEntry,
  parsePosition,
  writeChained,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { readDocument, readVectors } from "./vectors.ts";
import { fingerprints, logs, units } from "./world.ts";

const chain = readVectors("chain");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// Few values, so that two entries often agree in all members but one.
const whole = fc.oneof(fc.nat(2), fc.nat(2 ** 31));
const fps = fc.oneof(fc.constant("A".repeat(22)), fingerprints);
const entries: fc.Arbitrary<FeedEntry> = fc.oneof(
  fc
    .record(
      {
        seq: whole,
        kind: fc.constant("revoke" as const),
        unit: units.map((unit) => unit.name),
        fp: fps,
        before: whole,
        suspend: fc.constant(true),
        expires: whole,
        ack: fc.constant(true),
      },
      { requiredKeys: ["seq", "kind", "unit", "fp"] },
    )
    .map((entry): FeedEntry => ({ ...entry })),
  fc
    .record(
      { seq: whole, kind: fc.constant("lift" as const), lifts: whole, expires: whole },
      { requiredKeys: ["seq", "kind", "lifts"] },
    )
    .map((entry): FeedEntry => ({ ...entry })),
  fc.record({ seq: whole, kind: fc.constant("epoch" as const) }).map((entry): FeedEntry => ({ ...entry })),
);

describe("the hash chain", () => {
  test("an empty log stands at number 0 and 32 zero bytes", () => {
    assert.equal(chain.origin, origin.hash);
    assert.equal(Buffer.from(origin.hash, "base64url").toString("hex"), "00".repeat(32));
    assert.equal(origin.seq, 0);
  });

  test("canonical bytes and hashes of the sample log are the published ones", () => {
    let previous: string = origin.hash;
    for (const { entry, canonical, hash } of chain.log) {
      assert.equal(hex(canonicalEntry(entry)), canonical, `entry ${entry.seq}`);
      const input = chainInput(Buffer.from(previous, "base64url"), entry);
      previous = createHash("sha256").update(input).digest("base64url");
      assert.equal(previous, hash, `entry ${entry.seq}`);
    }
  });

  test("the sample log reads from the wire, each entry following the one before", () => {
    let seq = 0;
    for (const { entry } of chain.log) {
      assert.deepEqual(parseFeedEntry(entry), entry);
      assert.ok(follows(seq, entry), `entry ${entry.seq}`);
      seq = entry.seq;
    }
    assert.equal(chain.log[6]?.entry.seq, firstOfEpoch(chain.epoch));
  });

  test("the reference page shows the sample log byte by byte", () => {
    const page = readDocument("reference/feed.md");
    for (const { entry, canonical, hash } of chain.log) {
      assert.ok(page.includes(canonical), `docs/reference/feed.md lacks the bytes of entry ${entry.seq}`);
      assert.ok(page.includes(hash), `docs/reference/feed.md lacks the hash of entry ${entry.seq}`);
      assert.ok(page.includes(JSON.stringify(entry)), `docs/reference/feed.md lacks entry ${entry.seq}`);
    }
  });

  test("written into bytes that are there it is the same, or not at all", () => {
    const previous = Buffer.alloc(32, 7);
    holds(
      fc.property(entries, fc.nat(200), (entry, length) => {
        const whole = chainInput(previous, entry);
        const bytes = Buffer.concat([previous, Buffer.alloc(length)]);
        const end = writeChained(bytes, previous.length, entry);
        if (whole.length > bytes.length) assert.equal(end, undefined);
        else assert.deepEqual([...bytes.subarray(0, end)], [...whole]);
      }),
    );
    const [bytes, fp] = [Buffer.alloc(200), "ü".repeat(22)];
    assert.equal(writeChained(bytes, 32, { seq: 1, kind: "revoke", unit: "token", fp }), undefined);
  });

  test("two entries have the same canonical bytes only if they differ in ack at most", () => {
    holds(
      fc.property(entries, entries, (one, other) => {
        const without = ({ ack: _, ...entry }: FeedEntry) => sorted(entry);
        const same = hex(canonicalEntry(one)) === hex(canonicalEntry(other));
        assert.equal(same, JSON.stringify(without(one)) === JSON.stringify(without(other)));
      }),
    );
  });

  test("ack is not covered by the hash: it says who waits, not what is revoked", () => {
    const entry: FeedEntry = { seq: 1, kind: "epoch" };
    assert.deepEqual(canonicalEntry({ ...entry, ack: true }), canonicalEntry(entry));
  });

  test("the members can be laid out before the number is known", () => {
    holds(
      fc.property(entries, (entry) => {
        const bytes = concatBytes(lengthPrefixed([String(entry.seq)]), canonicalMembers(entry));
        assert.deepEqual(bytes, canonicalEntry(entry));
      }),
    );
  });
});

describe("what may follow a number", () => {
  const all = (seq: number): FeedEntry => ({ seq, kind: "revoke", unit: "all", fp: "A".repeat(22) });
  const grant = (seq: number): FeedEntry => ({ seq, kind: "revoke", unit: "grant", fp: "A".repeat(22) });

  test("the next one does", () => {
    assert.ok(follows(0, grant(1)));
    assert.ok(follows(41, { seq: 42, kind: "lift", lifts: 3 }));
  });

  test("FD-03 a later one, the same and an earlier one do not", () => {
    for (const seq of [0, 40, 41, 43, 1000]) assert.equal(follows(41, grant(seq)), false, String(seq));
  });

  test("FD-11 the first number of a later epoch does, with an entry of all or a plain one", () => {
    const first = firstOfEpoch(53_222_400);
    assert.ok(follows(41, all(first)));
    assert.ok(follows(41, { seq: first, kind: "epoch" }));
    assert.ok(follows(first + 7, all(firstOfEpoch(53_222_401))));
  });

  test("FD-11 other entries at such a number, and other numbers, do not open an epoch", () => {
    const first = firstOfEpoch(53_222_400);
    assert.equal(follows(41, grant(first)), false);
    assert.equal(follows(41, { seq: first, kind: "lift", lifts: 1 }), false);
    assert.equal(follows(41, all(first + 1)), false);
    assert.equal(follows(first, all(first)), false);
    assert.equal(follows(first, all(firstOfEpoch(53_222_399))), false);
  });

  test("numbers carry into the next epoch's room and stay whole far beyond 32 bits", () => {
    const last = firstOfEpoch(1) - 1;
    assert.ok(follows(last, grant(last + 1)));
    assert.equal(firstOfEpoch(0), 1);
    const after272Years = firstOfEpoch(272 * 365 * 86_400);
    assert.ok(Number.isSafeInteger(after272Years));
    assert.ok(follows(after272Years, grant(after272Years + 1)));
  });
});

describe("reading an entry from the wire", () => {
  test("gives back what was written", () => {
    holds(
      fc.property(entries, (entry) => {
        assert.deepEqual(parseFeedEntry(JSON.parse(JSON.stringify(entry))), entry);
      }),
    );
  });

  test("never throws, and gives an entry that writes to the same canonical bytes or nothing", () => {
    const members = fc.dictionary(
      fc.constantFrom("seq", "kind", "unit", "fp", "before", "suspend", "expires", "lifts", "ack", "x"),
      fc.oneof(
        fc.constantFrom<unknown>(
          "revoke",
          "lift",
          "epoch",
          "token",
          "all",
          "A".repeat(22),
          true,
          null,
          1,
          "1",
        ),
        fc.jsonValue(),
      ),
    );
    holds(
      fc.property(fc.oneof(fc.jsonValue(), members), (wire) => {
        const entry = parseFeedEntry(wire);
        if (entry !== undefined) assert.deepEqual(parseFeedEntry(JSON.parse(JSON.stringify(entry))), entry);
      }),
      2000,
    );
  });

  const revoke = { seq: 1, kind: "revoke", unit: "token", fp: "A".repeat(22) };
  const malformed: Record<string, unknown> = {
    "no object": 7,
    null: null,
    "an unknown kind": { ...revoke, kind: "amnesty" },
    "no kind": { seq: 1 },
    "an unknown unit": { ...revoke, unit: "tenant" },
    "a unit of the prototype": { ...revoke, unit: "toString" },
    "a number as text": { ...revoke, seq: "1" },
    "a negative number": { ...revoke, seq: -1 },
    "a fraction": { ...revoke, seq: 1.5 },
    "a number beyond 2^53": { ...revoke, seq: 2 ** 53 },
    "a short fingerprint": { ...revoke, fp: "A".repeat(21) },
    "a long fingerprint": { ...revoke, fp: "A".repeat(23) },
    "a fingerprint with spare bits": { ...revoke, fp: `${"A".repeat(21)}B` },
    "a padded fingerprint": { ...revoke, fp: `${"A".repeat(22)}==` },
    "no fingerprint": { seq: 1, kind: "revoke", unit: "token" },
    "before as text": { ...revoke, before: "1" },
    "before null": { ...revoke, before: null },
    "expires as a fraction": { ...revoke, expires: 0.5 },
    "suspend as text": { ...revoke, suspend: "true" },
    "a lift of nothing": { seq: 1, kind: "lift" },
    "a lift of text": { seq: 1, kind: "lift", lifts: "3" },
  };
  for (const [what, wire] of Object.entries(malformed)) {
    test(`FD-05 refuses ${what}`, () => assert.equal(parseFeedEntry(wire), undefined));
  }

  test("suspend: false is as good as absent, and unknown members are left out", () => {
    assert.deepEqual(parseFeedEntry({ ...revoke, suspend: false, colour: "red" }), revoke);
  });
});

describe("positions", () => {
  test("are read as they are written", () => {
    const hashes = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((b) => Buffer.from(b).toString("base64url"));
    holds(
      fc.property(fc.maxSafeNat(), hashes, (seq, hash) => {
        assert.deepEqual(parsePosition(formatPosition({ seq, hash })), { seq, hash });
        assert.deepEqual(parsePosition(String(seq)), { seq, hash: undefined });
      }),
    );
  });

  test("RV-12 have one spelling: whatever is read is written the same", () => {
    const near = fc
      .tuple(logs, fc.nat(200), fc.constantFrom("", "0", ".", "-", " ", "A", "é", "\n"))
      .map(([log, at, letter]) => {
        const text = formatPosition({ seq: log.at(-1)?.seq ?? 0, hash: origin.hash });
        return text.slice(0, at % text.length) + letter + text.slice((at % text.length) + 1);
      });
    holds(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        const read = parsePosition(text);
        if (read === undefined) return;
        const { seq, hash } = read;
        assert.equal(hash === undefined ? String(seq) : formatPosition({ seq, hash }), text);
      }),
      2000,
    );
  });

  const hash = "A".repeat(43);
  for (const text of [
    "",
    ".",
    "-1",
    "01",
    "1.",
    `1.${hash}A`,
    `1.${hash.slice(1)}`,
    `1.${"A".repeat(42)}B`,
    `1,${hash}`,
    ` 1.${hash}`,
    `1.${hash}\n`,
    "9007199254740992",
    "1e3",
    "0x1",
  ])
    test(`${JSON.stringify(text)} is no position`, () => assert.equal(parsePosition(text), undefined));
});

function sorted(record: object): [string, unknown][] {
  return Object.entries(record).sort(([one], [other]) => one.localeCompare(other));
}
