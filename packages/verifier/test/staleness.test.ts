// What happens when the revocations known here are too old: introspection or refusal, never a soft failure.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, TokenRejected, type VerifierOptions } from "@rescind/verifier";
import type { FeedPeer } from "./feed-peer.ts";
import { startPeer, startVerifier, untilFresh, untilVerdict, verdict } from "./running-verifier.ts";
import { until } from "./until.ts";

/** Clocks that can be turned while the timers go on. */
function turnableClock(): { clock: Clock; turn: { mono: number; wall: number } } {
  const turn = { mono: 0, wall: 0 };
  return { turn, clock: () => ({ mono: performance.now() + turn.mono, wall: Date.now() + turn.wall }) };
}

/** Nothing is left to load or lease: what the verifier knows from now on is what it knew. */
async function silence(peer: FeedPeer): Promise<void> {
  await until("the stream is open", () => peer.streams === 1);
  peer.faults.noLeases = true;
  peer.faults.silentStream = true;
  const before = peer.acknowledgements.length;
  // The one under way may have been asked for before; the one after it is refused for sure.
  await until("leases are refused", () => peer.acknowledgements.length > before + 1);
}

test("FD-01 with the server cut off, a token is refused as stale (503) no later than the bound", async (t) => {
  const peer = await startPeer(t);
  const { clock, turn } = turnableClock();
  const verifier = await startVerifier(t, peer, { clock, maxStaleness: 60 });
  const token = await peer.issue();
  await until("the stream is open", () => peer.streams === 1);
  peer.faults.down = true;
  peer.cutStreams();
  const before = peer.timesAsked("/revocations/acks");
  await until("leases fail", () => peer.timesAsked("/revocations/acks") > before + 2);
  assert.equal(await verdict(verifier, token), "accepted");
  turn.mono += 60_001;
  turn.wall += 60_001;
  const refusal = await verifier.verify(token).catch((cause: unknown) => cause);
  assert.ok(refusal instanceof TokenRejected);
  assert.equal(refusal.code, "stale");
  assert.equal(refusal.status, 503);
  assert.equal(refusal.wwwAuthenticate, undefined);
  assert.equal(verifier.status().freshness, "stale");
  peer.faults.down = false;
  await untilVerdict(verifier, token, "accepted");
});

for (const [what, options, expected] of [
  ["it asks the server, and a revoked token is refused", {}, "inactive"],
  ["and may not ask, it refuses", { onStale: "reject" }, "stale"],
] as const)
  test(`FD-01 when it is stale ${what}`, async (t) => {
    const peer = await startPeer(t);
    const { clock, turn } = turnableClock();
    const verifier = await startVerifier(t, peer, {
      clock,
      maxStaleness: 60,
      ...(options as Partial<VerifierOptions>),
    });
    const good = await peer.issue({ jti: "tok_good" });
    const revoked = await peer.issue({ jti: "tok_1" });
    assert.equal(await verdict(verifier, revoked), "accepted");
    await silence(peer);
    peer.revoke("token", "tok_1");
    turn.mono += 61_000;
    turn.wall += 61_000;
    assert.equal(await verdict(verifier, revoked), expected);
    assert.equal(await verdict(verifier, good), expected === "stale" ? "stale" : "accepted");
    assert.equal(peer.timesAsked("/introspect"), expected === "stale" ? 0 : 2);
    peer.faults.noIntrospection = true;
    assert.equal(await verdict(verifier, good), "stale", "no answer is no acceptance");
  });

test("no network call is made for a check while the revocations known are fresh", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { leaseInterval: 3600, maxStaleness: 3600 });
  const tokens = await Promise.all([1, 2, 3].map(() => peer.issue()));
  await until("the stream is open", () => peer.streams === 1);
  const before = [...peer.asked.values()].reduce((sum, times) => sum + times, 0);
  for (const token of [...tokens, ...tokens]) assert.equal(await verdict(verifier, token), "accepted");
  assert.equal(
    [...peer.asked.values()].reduce((sum, times) => sum + times, 0),
    before,
  );
});

test("FD-10 a wall clock that is minutes wrong from the start changes nothing, exp included", async (t) => {
  const peer = await startPeer(t);
  for (const minutes of [-10, 10]) {
    const { clock, turn } = turnableClock();
    turn.wall = minutes * 60_000;
    const verifier = await startVerifier(t, peer, { clock, onStale: "reject" });
    const now = Math.floor(Date.now() / 1000);
    assert.equal(await verdict(verifier, await peer.issue({ exp: now + 60 })), "accepted");
    assert.equal(await verdict(verifier, await peer.issue({ exp: now - 60 })), "expired");
  }
});

test("FD-10 a wall clock that jumps makes the verifier stale until the next lease", async (t) => {
  const peer = await startPeer(t);
  for (const jump of [-600_000, -1500, 1500, 600_000]) {
    const { clock, turn } = turnableClock();
    const verifier = await startVerifier(t, peer, { clock, leaseInterval: 3600, onStale: "reject" });
    const token = await peer.issue();
    await until("the stream is open", () => peer.streams > 0);
    assert.equal(await verdict(verifier, token), "accepted");
    turn.wall += jump;
    assert.equal(await verdict(verifier, token), "stale", `after ${jump} ms`);
    // Somebody waits for this entry, so that a lease is asked for at once.
    peer.revoke("token", "another", { ack: true });
    await untilVerdict(verifier, token, "accepted");
    await verifier.close();
  }
});

test("the time that exp is held against is the server's", async (t) => {
  const peer = await startPeer(t);
  peer.clockOffset = 3_600_000;
  const verifier = await startVerifier(t, peer);
  const there = Math.floor(Date.now() / 1000) + 3600;
  assert.equal(await verdict(verifier, await peer.issue({ exp: there + 60 })), "accepted");
  assert.equal(await verdict(verifier, await peer.issue({ exp: there - 60 })), "expired");
  assert.equal(await verdict(verifier, await peer.issue({ nbf: there + 60 })), "not-yet");
  assert.equal(await verdict(verifier, await peer.issue({ nbf: there + 5 })), "accepted");
});

test("A5 a token the server called inactive is not accepted again by an older lease", async (t) => {
  const peer = await startPeer(t);
  const { clock, turn } = turnableClock();
  const verifier = await startVerifier(t, peer, { clock, maxStaleness: 60 });
  const token = await peer.issue({ jti: "tok_1" });
  await silence(peer);
  const seq = peer.revoke("token", "tok_1");
  turn.wall += 5000;
  assert.equal(await verdict(verifier, token), "inactive");
  // The clock is put right again, and with it the lease from before the revocation.
  turn.wall -= 5000;
  assert.equal(verifier.status().freshness, "fresh");
  assert.equal(verifier.status().position.seq < seq, true);
  assert.equal(await verdict(verifier, token), "inactive");
  assert.equal(
    await verdict(verifier, await peer.issue()),
    "accepted",
    "other tokens are decided on as before",
  );
  // Once the log brings what covers it nobody asks the server again, though the lease is still the older one.
  peer.faults.silentStream = false;
  peer.cutStreams();
  await until("the entry has come", () => verifier.status().position.seq === seq);
  const asked = peer.timesAsked("/oauth2/introspect");
  assert.equal(await verdict(verifier, token), "revoked");
  assert.equal(peer.timesAsked("/oauth2/introspect"), asked);
});

test("what was accepted by introspection at a later position is not judged at an earlier one again", async (t) => {
  const peer = await startPeer(t);
  const { clock, turn } = turnableClock();
  const verifier = await startVerifier(t, peer, { clock, maxStaleness: 60 });
  const token = await peer.issue();
  await silence(peer);
  peer.revoke("token", "another");
  turn.wall += 5000;
  assert.equal(await verdict(verifier, token), "accepted");
  turn.wall -= 5000;
  assert.equal(verifier.status().freshness, "stale", "its position is below one that was decided at");
  peer.faults.noLeases = false;
  peer.faults.silentStream = false;
  peer.cutStreams();
  await untilFresh(verifier);
});

test("a closed verifier accepts nothing and is silent", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = await peer.issue();
  assert.equal(await verdict(verifier, token), "accepted");
  await until("the stream is open", () => peer.streams === 1);
  await verifier.close();
  assert.equal(await verdict(verifier, token), "stale");
  await until("the stream is closed", () => peer.streams === 0);
});
