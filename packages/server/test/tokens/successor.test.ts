// Successors of spent refresh tokens: the same one again from the spent token, what its row keeps and the master key, and
// another one without any of them (E2, RT-03). The form of servers before is read.

import assert from "node:assert/strict";
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseToken } from "@rescind/core";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { newToken } from "../../src/keys/digest.ts";
import { loadMasterKey } from "../../src/keys/master-key.ts";
import { type Successors, successors } from "../../src/tokens/successor.ts";

function underSomeKey(): Successors {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  try {
    return successors(loadMasterKey(randomBytes(32).toString("base64url"), data));
  } finally {
    rmSync(data, { recursive: true });
  }
}

const rowId = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);

test("RT-03 a successor is a refresh token of its row, and comes again from what was kept", () => {
  const made = underSomeKey();
  fc.assert(
    fc.property(rowId, rowId, (before, id) => {
      const spent = newToken("refresh", before);
      const { text, sealed } = made.next(spent, id);
      assert.deepEqual(parseToken(text), { kind: "refresh", rowId: id });
      // As the store gives bytes back: others stand before and behind them.
      const stored = new Uint8Array([1, 2, 3, ...sealed, 4]).subarray(3, 3 + sealed.length);
      assert.equal(made.again(spent, stored), text);
    }),
    { seed, numRuns: rounds(200, 20_000) },
  );
});

test("E2 RT-03 without the spent token, the kept bytes or the master key it is another one, and never the same for two", () => {
  const made = underSomeKey();
  const spent = newToken("refresh", "7");
  const { text, sealed } = made.next(spent, "8");
  const others = [
    made.again(newToken("refresh", "7"), sealed),
    underSomeKey().again(spent, sealed),
    ...Array.from(sealed, (byte, at) => made.again(spent, sealed.with(at, byte ^ 1))).slice(8),
    made.next(spent, "8").text,
    made.next(spent, "9").text,
  ];
  const secretOf = (token: string): string => token.slice(15, 58);
  assert.equal(new Set([text, ...others].map(secretOf)).size, others.length + 1);
  assert.ok(!Buffer.from(sealed).toString("latin1").includes(secretOf(text)));
});

test("RT-03 a successor that a server before has encrypted under the spent token is read", () => {
  const spent = newToken("refresh", "7");
  const successor = newToken("refresh", "8");
  const nonce = randomBytes(12);
  const key = createHmac("sha256", spent).update("rescind/successor").digest();
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const kept = Buffer.concat([nonce, cipher.update(successor), cipher.final(), cipher.getAuthTag()]);
  const made = underSomeKey();
  assert.equal(made.again(spent, kept), successor);
  assert.throws(() => made.again(newToken("refresh", "7"), kept));
  assert.throws(() => made.again(spent, kept.subarray(1)), /another length/);
});
