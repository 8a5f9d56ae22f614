// The stated number of entries in a verifier's set. DESIGN.md section 9; THREATS RV-22.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { FingerprintSet } from "@rescind/core";

const entries = 10_000_000;

test("RV-22 10 million entries take less than 40 bytes each, and nothing takes 50 ms at once", () => {
  const set = new FingerprintSet();
  let longest = 0;
  for (let seq = 1; seq <= entries; seq++) {
    const fp = fpOf(seq);
    const began = processorMs();
    set.apply({ seq, kind: "revoke", unit: "token", fp, expires: 1000 + (seq % 600) }, "h");
    longest = Math.max(longest, processorMs() - began);
  }
  assert.equal(set.size, entries);
  assert.ok(set.bytes / entries < 40, `${set.bytes / entries} bytes`);
  for (let seq = 1; seq <= entries; seq += 9973) assert.equal(set.find(fpOf(seq))[0]?.seq, seq);
  for (let other = 1; other <= 100_000; other++) assert.equal(set.find(fpOf(-other)).length, 0);
  for (let more = true; more; ) {
    const began = processorMs();
    more = set.expire(1300);
    longest = Math.max(longest, processorMs() - began);
  }
  const kept = Array.from({ length: 600 }, (_, rest) => rest).filter((rest) => 1000 + rest >= 1300);
  const perRest = (rest: number): number => Math.floor((entries - rest) / 600) + (rest === 0 ? 0 : 1);
  assert.equal(
    set.size,
    kept.reduce((sum, rest) => sum + perRest(rest), 0),
  );
  assert.ok(longest < 50, `${longest} ms of processor time at once`);
});

/** 16 bytes, spread evenly; nothing secret. */
function fpOf(i: number): string {
  return createHash("md5").update(String(i)).digest("base64url");
}

/** Of this thread: what others do on the machine is no pause of ours. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
