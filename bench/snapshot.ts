// The snapshot by itself: bytes, plain and compressed, and how long it takes to lay out, to compress, and to take into a
// verifier's set. Run: node scripts/run.js bench/snapshot.ts [entries …]; by default 10 thousand, 1 and 10 million, the
// greatest of which needs 4 GiB.

import { createHash, randomFillSync } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import {
  emptyRecord,
  FingerprintSet,
  fingerprintText,
  parseSnapshot,
  type RevokeEntry,
  snapshotEnd,
  snapshotHead,
  snapshotRecordLength,
  writeSnapshotRecord,
} from "@rescind/core";

const issuer = "https://as.example";
const hash = "A".repeat(43);

/** As most entries are: of one token, with an end. */
function revoke(seq: number, words: Uint32Array): RevokeEntry {
  const fp = fingerprintText(words.subarray(4 * seq - 4, 4 * seq));
  return { seq, kind: "revoke", unit: "token", fp, expires: 1_800_000_000 + Math.floor(seq / 200) };
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}

async function measure(count: number): Promise<readonly string[]> {
  const words = randomFillSync(new Uint32Array(4 * count));
  const laidOut = performance.now();
  const records = new Uint8Array(count * snapshotRecordLength);
  const view = new DataView(records.buffer);
  for (let seq = 1; seq <= count; seq++)
    writeSnapshotRecord(view, (seq - 1) * snapshotRecordLength, revoke(seq, words));
  const head = snapshotHead({ issuer, position: { seq: count, hash }, count });
  const digest = createHash("sha256").update(head).update(records).digest();
  const bytes = Buffer.concat([head, records, snapshotEnd(digest, "a.b.c")]);
  const layout = seconds(laidOut);
  const began = performance.now();
  const small = await promisify(gzip)(bytes, { level: 1 });
  const compressing = seconds(began);
  const loading = performance.now();
  const plain = await promisify(gunzip)(small);
  const snapshot = parseSnapshot(
    new Uint8Array(plain.buffer as ArrayBuffer, plain.byteOffset, plain.length),
    issuer,
  );
  if (snapshot === undefined) throw new Error("the snapshot is not read");
  createHash("sha256").update(snapshot.digested).digest();
  const set = new FingerprintSet();
  const part = set.loading(snapshot.count);
  const record = emptyRecord();
  for (let i = 0; i < snapshot.count; i++) {
    if (!snapshot.read(i, record)) throw new Error(`record ${i} is not read`);
    part.takeRecord(record);
  }
  part.finish(snapshot.position);
  const megabytes = (size: number) => `${(size / 1e6).toFixed(1)} MB`;
  return [
    count.toLocaleString("en"),
    megabytes(bytes.length),
    `${megabytes(small.length)} (${(small.length / count).toFixed(1)} bytes an entry)`,
    layout,
    compressing,
    seconds(loading),
  ];
}

const sizes = process.argv.slice(2).map(Number);
console.log("| entries | plain | compressed | laid out in | compressed in | taken in |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const count of sizes.length > 0 ? sizes : [10_000, 1_000_000, 10_000_000])
  console.log(`| ${(await measure(count)).join(" | ")} |`);
