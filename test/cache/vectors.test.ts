// The vectors of docs/reference/cache.md: our own reader, the Python one and the shell lines find the same keys and say
// the same, against a real redis-server that holds what each vector says.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { liveness } from "@rescind/core";
import { rounds } from "../seed.ts";
import { until } from "../until.ts";
import { pythonReader, type RunningReader, shellVerdict } from "./other-readers.ts";
import { type Claims, judged, keysOf, type NearlineVerdict, standingIn } from "./reader.ts";
import { startRedis, type TestRedis } from "./redis.ts";

interface Vectors {
  readonly settings: {
    readonly issuer: string;
    readonly fingerprint_key: string;
    readonly cache: { readonly lease_key: string; readonly entry_prefix: string; readonly log: string };
  };
  readonly cases: readonly {
    readonly name: string;
    readonly claims: Claims;
    readonly keys: readonly string[];
    readonly lease: string | null;
    readonly values: Readonly<Record<string, string>>;
    readonly verdict: NearlineVerdict;
  }[];
}

const text = readFileSync(new URL("../../docs/reference/cache-vectors.json", import.meta.url), "utf8");
const vectors = JSON.parse(text) as Vectors; // our own file
const { issuer, fingerprint_key, cache } = vectors.settings;
const names = {
  issuer,
  key: Buffer.from(fingerprint_key, "base64url"),
  lease: cache.lease_key,
  entries: cache.entry_prefix,
  log: cache.log,
};

/** The shell lines start fifty processes a token. */
const everyShell = rounds(7, 1);

const folder = mkdtempSync(join(tmpdir(), "rescind-vectors-"));
const settingsFile = join(folder, "settings.json");
let redis: TestRedis;
let python: RunningReader;
before(async () => {
  writeFileSync(settingsFile, JSON.stringify(vectors.settings));
  redis = await startRedis(["--requirepass", "a password/with:signs"]);
  python = pythonReader(settingsFile, redis.url);
});
after(async () => {
  python?.close();
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const [index, { name, claims, keys, lease, values, verdict }] of vectors.cases.entries())
  test(`vector: ${name}`, async () => {
    const token = judged(claims, issuer);
    assert.deepEqual([...keysOf(token, names)].sort(), [...keys].sort());
    await redis.ask.flushall();
    // No two leases are the same.
    if (lease !== null) await redis.ask.set(cache.lease_key, lease + index);
    for (const [key, value] of Object.entries(values)) await redis.ask.set(key, value);

    assert.equal(await python.verdict(claims), verdict);
    if (token.ours && index % everyShell === 0)
      assert.equal(await shellVerdict(settingsFile, claims, redis), verdict);
    if (verdict === "unknown") return;
    const found = standingIn(keys.map((key) => values[key] ?? null));
    assert.equal(liveness(token, found, Date.now() / 1000).kind, verdict);
  });

test("the Python reader does not believe a lease that it has seen for longer than one lives", async () => {
  const [{ claims, lease } = assert.fail("no vector")] = vectors.cases;
  await redis.ask.flushall();
  const quick = pythonReader(settingsFile, redis.url, { max_staleness: 0.2 });
  // Between its question and its verdict this machine may stand still for longer: then another lease is shown.
  let shown = 0;
  const isBelieved = () =>
    until(async () => {
      shown += 1;
      await redis.ask.set(cache.lease_key, `${lease}${shown}`);
      const verdict = await quick.verdict(claims);
      return verdict !== "unknown" && verdict;
    });
  try {
    assert.equal(await isBelieved(), "live");
    const began = performance.now();
    while (performance.now() - began < 250) assert.notEqual(await quick.verdict(claims), "revoked");
    assert.equal(await quick.verdict(claims), "unknown");
    assert.equal(await isBelieved(), "live");
  } finally {
    quick.close();
  }
});

test("a cache that is not there, or wants another password, vouches for nothing", async () => {
  const [{ claims } = assert.fail("no vector")] = vectors.cases;
  for (const url of ["redis://127.0.0.1:1", redis.url.replace(/:[^:@]*@/, ":wrong@")]) {
    const reader = pythonReader(settingsFile, url);
    assert.equal(await reader.verdict(claims), "unknown");
    reader.close();
  }
});
