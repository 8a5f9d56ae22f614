// The snapshot's bytes against the vectors, which another program laid out, and back.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  concatBytes,
  emptyRecord,
  type ParsedSnapshot,
  type Position,
  parseSnapshot,
  type RevokeEntry,
  recordEntry,
  snapshotEnd,
  snapshotHead,
  snapshotRecordLength,
  unitNames,
  writeSnapshotRecord,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { fingerprints } from "./world.ts";

interface Vector {
  readonly issuer: string;
  readonly position: Position;
  readonly entries: readonly RevokeEntry[];
  readonly records: readonly string[];
  readonly head: string;
  readonly digest: string;
  readonly signature: string;
  readonly end: string;
}

const file = new URL("./vectors/snapshot.json", import.meta.url);
const vector = JSON.parse(readFileSync(file, "utf8")) as Vector; // checked by the tests below

function recordsOf(entries: readonly RevokeEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * snapshotRecordLength);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, i) => {
    writeSnapshotRecord(view, i * snapshotRecordLength, entry);
  });
  return bytes;
}

function whole(issuer: string, position: Position, entries: readonly RevokeEntry[], signature: string) {
  const head = snapshotHead({ issuer, position, count: entries.length });
  const digested = concatBytes(head, recordsOf(entries));
  const digest = createHash("sha256").update(digested).digest();
  return concatBytes(digested, snapshotEnd(digest, signature));
}

function entryOf(parsed: ParsedSnapshot | undefined, index: number): RevokeEntry | undefined {
  const record = emptyRecord();
  return parsed?.read(index, record) === true ? recordEntry(record) : undefined;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("the bytes are those of the vectors", () => {
  const { issuer, position, entries } = vector;
  assert.equal(hex(snapshotHead({ issuer, position, count: entries.length })), vector.head);
  for (const [i, entry] of entries.entries()) assert.equal(hex(recordsOf([entry])), vector.records[i]);
  const bytes = whole(issuer, position, entries, vector.signature);
  assert.equal(hex(bytes), vector.head + vector.records.join("") + vector.end);
  const parsed = parseSnapshot(bytes, issuer);
  assert.equal(parsed?.digest, vector.digest);
});

const positions = fc
  .tuple(
    fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 20 + 1, Number.MAX_SAFE_INTEGER)),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  )
  .map(([seq, bytes]) => ({ seq, hash: Buffer.from(bytes).toString("base64url") }));
const times = fc.option(fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32, 2 ** 48 - 1)), { nil: undefined });
const entries: fc.Arbitrary<RevokeEntry[]> = fc.array(
  fc
    .record({
      seq: fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
      unit: fc.constantFrom(...unitNames),
      fp: fingerprints,
      before: times,
      expires: times,
      suspend: fc.boolean(),
    })
    .map(({ before, suspend, expires, ...entry }) => ({
      ...entry,
      kind: "revoke" as const,
      ...(before === undefined ? {} : { before }),
      ...(suspend ? { suspend } : {}),
      ...(expires === undefined ? {} : { expires }),
    })),
  { maxLength: 12 },
);

test("what is written is read again, whole", () => {
  holds(
    fc.property(fc.webUrl(), positions, entries, fc.base64String(), (issuer, position, list, signature) => {
      const parsed = parseSnapshot(whole(issuer, position, list, signature), issuer);
      assert.deepEqual(parsed?.position, position);
      assert.equal(parsed?.signature, signature);
      assert.deepEqual(
        list.map((_, i) => entryOf(parsed, i)),
        list,
      );
      assert.equal(parsed?.count, list.length);
    }),
  );
});

test("bytes of another length, version or issuer are no snapshot", () => {
  const { issuer, position, signature } = vector;
  const bytes = whole(issuer, position, vector.entries, signature);
  assert.ok(parseSnapshot(bytes, issuer) !== undefined);
  for (let length = 0; length < bytes.length; length++)
    assert.equal(parseSnapshot(bytes.slice(0, length), issuer), undefined, `${length} bytes`);
  assert.equal(parseSnapshot(concatBytes(bytes, new Uint8Array(1)), issuer), undefined);
  assert.equal(parseSnapshot(bytes, `${issuer}/`), undefined);
  const later = bytes.slice();
  later[7] = 2;
  assert.equal(parseSnapshot(later, issuer), undefined);
});

test("a record with an unknown unit, flag or spare byte is not understood", () => {
  const { issuer, position } = vector;
  const first = snapshotHead({ issuer, position, count: 1 }).length;
  const [entry] = vector.entries;
  assert.ok(entry !== undefined);
  for (const [at, value] of [
    [36, 0],
    [36, unitNames.length + 1],
    [37, 8],
    [38, 1],
    [39, 1],
    [16, 255],
  ] as const) {
    const bytes = whole(issuer, position, [entry], "a.b.c");
    bytes[first + at] = value;
    assert.equal(entryOf(parseSnapshot(bytes, issuer), 0), undefined, `byte ${at} is ${value}`);
  }
});
