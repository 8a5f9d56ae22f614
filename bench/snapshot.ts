// The snapshot by itself: bytes, plain and compressed, and how long it takes to lay out, to compress, and to take into a
// verifier's set. Run: node scripts/run.js bench/snapshot.ts [entries …]; by default 10 thousand, 1 and 10 million, the
// greatest of which needs 4 GiB.

import { createHash, randomFillSync } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import {
  type EntryRecord,
  emptyRecord,
  FingerprintSet,
  parseSnapshot,
  snapshotEnd,
  snapshotHead,
  snapshotRecordLength,
  writeEntryRecord,
} from "@rescind/core";

const issuer = "https://as.example";
const hash = "A".repeat(43);

/** As most entries are: of one token, with an end. */
function records(words: Uint32Array, count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * snapshotRecordLength);
  const view = new DataView(bytes.buffer);
  const record: EntryRecord = { ...emptyRecord(), unit: "token" };
  for (let i = 0; i < count; i++) {
    record.words.set(words.subarray(4 * i, 4 * i + 4));
    record.seq = i + 1;
    record.expires = 1_800_000_000 + Math.floor(i / 200);
    writeEntryRecord(view, i * snapshotRecordLength, record);
  }
  return bytes;
}

/** Processor time of all threads since then: what others do on the machine does not count. */
function seconds(since: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(since);
  return `${((user + system) / 1e6).toFixed(2)} s`;
}

async function measure(count: number): Promise<readonly string[]> {
  const words = randomFillSync(new Uint32Array(4 * count));
  const laidOut = process.cpuUsage();
  const body = records(words, count);
  const head = snapshotHead({ issuer, position: { seq: count, hash }, count });
  const digest = createHash("sha256").update(head).update(body).digest();
  const bytes = Buffer.concat([head, body, snapshotEnd(digest, "a.b.c")]);
  const layout = seconds(laidOut);
  const began = process.cpuUsage();
  const small = await promisify(gzip)(bytes, { level: 1 });
  const compressing = seconds(began);
  const loading = process.cpuUsage();
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
