// A snapshot of many entries is kept in pieces, as it was compressed: put together, tens of megabytes would be copied on
// the event loop for every verifier that begins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { emptyRecord, FingerprintSet, parseSnapshot, recordEntry } from "@rescind/core";
import { snapshots } from "../../src/feed/snapshots.ts";

const issuer = "https://issuer.example";
const many = 20_000;

test("a snapshot of many entries stays in pieces, which are it one after the other, and is made once for all who ask", async () => {
  const set = new FingerprintSet();
  const loading = set.loading(many);
  const expires = Math.floor(Date.now() / 1000) + 3600;
  for (let seq = 1; seq <= many; seq++)
    loading.take({ kind: "revoke", seq, unit: "token", fp: fingerprint(seq), expires });
  loading.finish({ seq: many, hash: "A".repeat(43) });
  const { position } = set;
  const standing = { position, frozen: () => ({ position, entries: set.frozen() }) };
  const made = snapshots({ standing, issuer, now: Date.now });
  let signed = 0;
  const sign = async () => `signature-${++signed}`;
  const [one, other] = await Promise.all([made.current(sign), made.current(sign)]);
  assert.equal(one, other);
  assert.equal(signed, 1);
  assert.ok(one.gzipped.length > 1);
  assert.ok(one.gzipped.every(({ length }) => length > 0 && length <= 65_536));
  const parsed = parseSnapshot(gunzipSync(Buffer.concat(one.gzipped)), issuer);
  assert.equal(parsed?.count, many);
  const record = emptyRecord();
  assert.ok(parsed?.read(many - 1, record));
  assert.equal(record.seq, many);
  assert.equal(recordEntry(record).fp, fingerprint(many));
});

function fingerprint(seq: number): string {
  const bytes = Buffer.alloc(16, 7);
  bytes.writeUInt32BE(Math.imul(seq, 2_654_435_761) >>> 0, 4);
  bytes.writeUInt32BE(Math.imul(seq, 40_503) >>> 0, 12);
  return bytes.toString("base64url");
}
