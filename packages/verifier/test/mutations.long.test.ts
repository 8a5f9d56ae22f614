// A million mutations of good tokens: none is accepted. And ten million checks of good ones while others are revoked: none
// of these is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseMutations, variedTokens } from "./mutation.ts";
import { seed } from "./property.ts";
import { startPeer, startVerifier } from "./running-verifier.ts";
import { Random } from "./simulator/random.ts";

test(`JW-01 to JW-08: a million mutations of good tokens are refused (seed ${seed})`, async (t) => {
  const peer = await startPeer(t);
  const tokens = await variedTokens(peer);
  await refuseMutations(await startVerifier(t, peer), tokens, 1_000_000, new Random(seed).share);
});

test("ten million checks of good tokens, while others are revoked: none is refused", async (t) => {
  const peer = await startPeer(t);
  const tokens = await variedTokens(peer);
  const verifier = await startVerifier(t, peer);
  const rounds = 10_000_000 / tokens.length;
  let accepted = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % 2000 === 0) peer.revoke("token", `other ${round}`);
    for (const token of tokens) {
      await verifier.verify(token);
      accepted += 1;
    }
    // What comes in is answered in between.
    if (round % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(accepted, 10_000_000);
});
