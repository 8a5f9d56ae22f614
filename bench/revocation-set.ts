// The set of a verifier by itself: bytes per entry, probes per second, the time of a load, the longest time that one
// entry or one removal takes. Run: node scripts/run.js bench/revocation-set.ts [entries …]; by default 10 thousand, 1 and
// 10 million. Needs 2 GiB for the greatest.

import { randomFillSync } from "node:crypto";
import { FingerprintSet, type RevokeEntry } from "@rescind/core";

interface Measured {
  readonly entries: number;
  readonly loadSeconds: number;
  readonly bytesPerEntry: number;
  readonly hitsPerSecond: number;
  readonly missesPerSecond: number;
  readonly longestEntryMs: number;
  readonly longestRemovalMs: number;
  readonly removalSeconds: number;
}

const hash = "A".repeat(43);
/** Fingerprints made at once: making them is not what is measured. */
const batch = 10_000;

function fingerprints(count: number): string[] {
  const bytes = randomFillSync(Buffer.alloc(count * 16));
  return Array.from({ length: count }, (_, i) => bytes.toString("base64url", i * 16, i * 16 + 16));
}

function revoke(seq: number, fp: string): RevokeEntry {
  return { seq, kind: "revoke", unit: "token", fp, expires: 1_800_000_000 + (seq % 3600) };
}

function measure(entries: number): Measured {
  const before = memory();
  const set = new FingerprintSet();
  const known: string[] = [];
  let spent = 0;
  let longest = 0;
  for (let seq = 1; seq <= entries; ) {
    const fps = fingerprints(Math.min(batch, entries - seq + 1));
    known.push(...fps.slice(0, Math.ceil((20_000 * fps.length) / entries)));
    const made = fps.map((fp, i) => revoke(seq + i, fp));
    const began = performance.now();
    let last = processorMs();
    for (const [i, entry] of made.entries()) {
      set.apply(entry, hash);
      if (i % 20 !== 0) continue;
      const now = processorMs();
      longest = Math.max(longest, now - last);
      last = now;
    }
    spent += performance.now() - began;
    seq += fps.length;
  }
  const bytes = memory() - before - known.length * 48; // the texts that are asked for below
  const hitsPerSecond = probe(set, known);
  const missesPerSecond = probe(set, fingerprints(20_000));
  const removal = removeAll(set);
  return {
    entries,
    loadSeconds: spent / 1000,
    bytesPerEntry: entries === 0 ? 0 : bytes / entries,
    hitsPerSecond,
    missesPerSecond,
    longestEntryMs: longest,
    ...removal,
  };
}

/** Milliseconds of this thread's processor time: what others do on the machine is no pause of ours. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Bytes of arrays and objects, garbage aside. */
function memory(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function probe(set: FingerprintSet, fps: readonly string[]): number {
  let probes = 0;
  const began = performance.now();
  while (performance.now() - began < 1000) {
    for (const fp of fps) set.find(fp);
    probes += fps.length;
  }
  return probes / ((performance.now() - began) / 1000);
}

function removeAll(set: FingerprintSet): Pick<Measured, "longestRemovalMs" | "removalSeconds"> {
  const began = performance.now();
  let longest = 0;
  for (let at = 1_800_000_000; set.size > 0; at += 60) {
    for (let more = true; more; ) {
      const from = processorMs();
      more = set.expire(at);
      longest = Math.max(longest, processorMs() - from);
    }
  }
  return { longestRemovalMs: longest, removalSeconds: (performance.now() - began) / 1000 };
}

const sizes = process.argv.slice(2).map(Number);
console.log(
  "| entries | bytes per entry | found/s | not there/s | added in | longest for one | removed in | longest at once |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (const entries of sizes.length > 0 ? sizes : [0, 10_000, 1_000_000, 10_000_000]) {
  const m = measure(entries);
  const cells = [
    entries.toLocaleString("en"),
    m.bytesPerEntry.toFixed(1),
    Math.round(m.hitsPerSecond).toLocaleString("en"),
    Math.round(m.missesPerSecond).toLocaleString("en"),
    `${m.loadSeconds.toFixed(2)} s`,
    `${m.longestEntryMs.toFixed(1)} ms`,
    `${m.removalSeconds.toFixed(2)} s`,
    `${m.longestRemovalMs.toFixed(1)} ms`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
