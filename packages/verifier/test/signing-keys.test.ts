// Keys and how long they are believed: THREATS.md JW-09, JW-12.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lifetimes } from "@rescind/core";
import { makeSigner } from "./feed-peer.ts";
import { startPeer, startVerifier, untilFresh, untilVerdict, verdict } from "./running-verifier.ts";

test("JW-12 a token with a longer life than any that was issued is a forgery, whoever signed it", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const now = Math.floor(Date.now() / 1000);
  const longest = await peer.issue({ exp: now + lifetimes.accessTokenCap });
  const longer = await peer.issue({ exp: now + lifetimes.accessTokenCap + 3600 });
  assert.equal(await verdict(verifier, longest), "accepted");
  assert.equal(await verdict(verifier, longer), "claims");
});

test("JW-09 a revoked signing key's tokens are refused while the key is still published and known", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const old = await peer.issue();
  const forged = await peer.issue({ jti: "forged", rev: 2 ** 50 });
  assert.equal(await verdict(verifier, old), "accepted");
  peer.revoke("signing-key", "sig-1");
  await untilVerdict(verifier, old, "revoked");
  assert.equal(await verdict(verifier, forged), "revoked", "no rev gets past it");
  peer.keys.push(await makeSigner("sig-2", "ES256"));
  const again = await startVerifier(t, peer);
  assert.equal(await verdict(again, await peer.issue()), "accepted");
  assert.equal(await verdict(again, old), "revoked");
});

test("JW-09 known keys outlive an outage of the key set, but not for ever", async (t) => {
  const peer = await startPeer(t);
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const verifier = await startVerifier(t, peer, { clock });
  // Signed for as far ahead as the clock is turned, and none of them seen before.
  peer.clockOffset = 7_200_000;
  const tokens = await Promise.all([1, 2].map(() => peer.issue()));
  peer.clockOffset = 0;
  peer.faults.noKeys = true;
  for (const [minutes, expected] of [
    [10, "accepted"],
    [70, "stale"],
  ] as const) {
    ahead = minutes * 60_000;
    await untilFresh(verifier);
    assert.equal(await verdict(verifier, tokens.pop() ?? ""), expected, `after ${minutes} minutes`);
  }
});
