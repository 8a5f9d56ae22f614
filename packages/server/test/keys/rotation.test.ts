// Rotation and replacement of signing keys in a store, at any time: who signs, who is accepted, and that there is
// always one that signs.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { keyAcceptedFor } from "@rescind/core";
import { openStore, type SigningKeyRecord, type Store } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { loadMasterKey, type Seal } from "../../src/keys/master-key.ts";
import { jwksMaxAge, publishedBeforeMs, rotateSigningKeys } from "../../src/keys/rotation.ts";
import {
  ensureFirstKeys,
  type KeyRing,
  loadKeyRing,
  replaceSigningKey,
} from "../../src/keys/signing-keys.ts";

interface Keys {
  readonly store: Store;
  readonly seal: Seal;
  ring(): Promise<KeyRing>;
}

async function opened(t: TestContext): Promise<Keys> {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(data, "rescind.db")}`);
  t.after(async () => {
    await store.close();
    rmSync(data, { recursive: true, force: true });
  });
  const seal = loadMasterKey(undefined, data);
  await ensureFirstKeys(store, seal);
  return { store, seal, ring: () => loadKeyRing(store, seal) };
}

function signerOf(ring: KeyRing, nowMs: number): string | undefined {
  return ring.signer("access", "ES256", nowMs)?.kid;
}

test("JW-10 a new key is published at once, signs when every cached key set is too old, and the old one is accepted for a day", async (t) => {
  const keys = await opened(t);
  const nowMs = Date.now() + 1000;
  const old = signerOf(await keys.ring(), nowMs);
  const made = await rotateSigningKeys({ nowMs }, keys);
  assert.equal(made.length, 3, "one each for ES256 access tokens, RS256 and ES256 ID tokens");
  const ring = await keys.ring();
  const takesOver = nowMs + publishedBeforeMs;
  assert.ok(publishedBeforeMs >= jwksMaxAge * 1000);
  assert.equal(signerOf(ring, takesOver - 1), old);
  const next = signerOf(ring, takesOver);
  assert.ok(next !== undefined && next !== old && made.includes(next));
  assert.ok(ring.byKid("access", next, nowMs), "whoever meets it early may accept it");
  assert.ok(ring.byKid("access", old, takesOver + keyAcceptedFor * 1000 - 1));
  assert.equal(ring.byKid("access", old, takesOver + keyAcceptedFor * 1000), undefined);
});

test("rotating twice before the new keys sign is rotating once", async (t) => {
  const keys = await opened(t);
  const nowMs = Date.now() + 1000;
  await rotateSigningKeys({ nowMs }, keys);
  const before = (await keys.store.listSigningKeys()).map(({ kid }) => kid);
  assert.deepEqual(await rotateSigningKeys({ nowMs: nowMs + publishedBeforeMs - 1 }, keys), []);
  assert.deepEqual(
    (await keys.store.listSigningKeys()).map(({ kid }) => kid),
    before,
  );
  assert.equal((await rotateSigningKeys({ nowMs: nowMs + publishedBeforeMs }, keys)).length, 3);
});

test("one use and one algorithm can be rotated alone, and the feed's key only by name", async (t) => {
  const keys = await opened(t);
  const nowMs = Date.now() + 1000;
  const made = await rotateSigningKeys({ uses: ["id"], alg: "RS256", nowMs }, keys);
  const of = (kid?: string) => (list: readonly SigningKeyRecord[]) => list.find((key) => key.kid === kid);
  const found = of(made[0])(await keys.store.listSigningKeys());
  assert.deepEqual([made.length, found?.use, found?.alg], [1, "id", "RS256"]);
  const rotated = (await keys.store.listSigningKeys()).filter((key) => key.retiredAtMs !== undefined);
  assert.deepEqual(
    rotated.map(({ use, alg }) => [use, alg]),
    [["id", "RS256"]],
  );
});

test("JW-09 a key that is revoked while its successor waits is replaced at once, and the successor takes over in time", async (t) => {
  const keys = await opened(t);
  const nowMs = Date.now() + 1000;
  const old = signerOf(await keys.ring(), nowMs);
  await rotateSigningKeys({ nowMs }, keys);
  const waiting = signerOf(await keys.ring(), nowMs + publishedBeforeMs);
  const record = (await keys.store.listSigningKeys()).find(({ kid }) => kid === old);
  assert.ok(record !== undefined);
  await replaceSigningKey(keys.store, keys.seal, record, nowMs + 10);
  const ring = await keys.ring();
  const between = signerOf(ring, nowMs + 10);
  assert.ok(between !== undefined && between !== old && between !== waiting);
  assert.equal(signerOf(ring, nowMs + publishedBeforeMs), waiting);
  const stored = (await keys.store.listSigningKeys()).find(({ kid }) => kid === old);
  assert.equal(stored?.retiredAtMs, nowMs + 10, "it stops now, not when the rotation would have ended it");
});

test("a waiting key that is revoked never signs, and the one in use has another successor", async (t) => {
  const keys = await opened(t);
  const nowMs = Date.now() + 1000;
  const old = signerOf(await keys.ring(), nowMs);
  await rotateSigningKeys({ nowMs }, keys);
  const waiting = signerOf(await keys.ring(), nowMs + publishedBeforeMs);
  const record = (await keys.store.listSigningKeys()).find(({ kid }) => kid === waiting);
  assert.ok(record !== undefined);
  await replaceSigningKey(keys.store, keys.seal, record, nowMs + 10);
  const ring = await keys.ring();
  assert.equal(signerOf(ring, nowMs + publishedBeforeMs - 1), old);
  const successor = signerOf(ring, nowMs + publishedBeforeMs);
  assert.ok(successor !== undefined && successor !== old && successor !== waiting);
});

test("whatever is rotated and revoked, some key signs at every time after, none that was revoked, and it verifies", async (t) => {
  const step = fc.record({
    revoke: fc.boolean(),
    which: fc.nat(),
    laterMs: fc.integer({ min: 0, max: 400_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
      const keys = await opened(t);
      let nowMs = Date.now() + 1000;
      const revoked = new Set<string>();
      for (const { revoke, which, laterMs } of steps) {
        nowMs += laterMs;
        const known = (await keys.store.listSigningKeys()).filter(({ use }) => use === "access");
        const record = known[which % known.length];
        if (!revoke) await rotateSigningKeys({ uses: ["access"], nowMs }, keys);
        else if (record !== undefined) {
          await replaceSigningKey(keys.store, keys.seal, record, nowMs);
          revoked.add(record.kid);
        }
        const ring = await keys.ring();
        for (const aheadMs of [0, 1000, publishedBeforeMs, 2 * publishedBeforeMs, 86_400_000]) {
          const kid = signerOf(ring, nowMs + aheadMs);
          assert.ok(kid !== undefined && !revoked.has(kid));
          assert.ok(ring.byKid("access", kid, nowMs + aheadMs));
        }
      }
    }),
    { seed, numRuns: rounds(8, 300) },
  );
});
