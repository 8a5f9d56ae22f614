// A verifier that begins with a snapshot: what is in it, what is wrong with it, and what follows it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type FeedPeer, makeSigner } from "./feed-peer.ts";
import { startPeer, startVerifier, untilVerdict, verdict } from "./running-verifier.ts";

async function snapshotPeer(t: TestContext, orders = 20): Promise<FeedPeer> {
  const peer = await startPeer(t);
  peer.faults.noSnapshot = false;
  for (let i = 1; i <= orders; i++) peer.revoke("token", `tok_${i}`, i % 3 === 0 ? { expires: 2 ** 33 } : {});
  return peer;
}

test("what a snapshot holds is refused, what follows it too, and no page is asked for", async (t) => {
  const peer = await snapshotPeer(t);
  peer.revoke("client", "shop", { suspend: true });
  peer.lift(peer.head.seq);
  peer.revoke("subject", "usr_9", { before: 1000 });
  const verifier = await startVerifier(t, peer);
  assert.deepEqual(verifier.status().position, peer.head);
  assert.equal(verifier.status().entries, 21);
  assert.equal(peer.timesAsked("/revocations/snapshot"), 1);
  assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_7" })), "revoked");
  assert.equal(await verdict(verifier, await peer.issue()), "accepted", "what was lifted is not in it");
  const old = { sub: "usr_9", grant_iat: 1000, rev: 0 };
  assert.equal(await verdict(verifier, await peer.issue(old)), "revoked");
  assert.equal(await verdict(verifier, await peer.issue({ ...old, grant_iat: 1001 })), "accepted");
  peer.revoke("token", "tok_new");
  await untilVerdict(verifier, await peer.issue({ jti: "tok_new" }), "revoked");
});

test("a snapshot of thousands is taken in pieces", async (t) => {
  const peer = await snapshotPeer(t, 9000);
  const verifier = await startVerifier(t, peer);
  assert.equal(verifier.status().entries, 9000);
  for (const jti of ["tok_1", "tok_4096", "tok_4097", "tok_9000"])
    assert.equal(await verdict(verifier, await peer.issue({ jti })), "revoked", jti);
});

const flip = (bytes: Buffer, at: number) => {
  const altered = Buffer.from(bytes);
  altered[at] = (altered[at] ?? 0) ^ 1;
  return altered;
};

for (const [what, alter] of [
  ["an altered record", (bytes: Buffer) => flip(bytes, 120)],
  ["another position", (bytes: Buffer) => flip(bytes, 15)],
  ["another hash", (bytes: Buffer) => flip(bytes, 20)],
  ["another version", (bytes: Buffer) => flip(bytes, 7)],
  ["another issuer", (bytes: Buffer) => flip(bytes, 60)],
  ["a missing end", (bytes: Buffer) => bytes.subarray(0, -1)],
  ["something behind its end", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ["a count beyond its end", (bytes: Buffer) => flip(bytes, 48)],
  ["nothing in it", () => Buffer.alloc(0)],
] as const)
  test(`FD-05 of a snapshot with ${what} nothing is taken: the pages are`, async (t) => {
    const peer = await snapshotPeer(t);
    peer.faults.snapshot = alter;
    const verifier = await startVerifier(t, peer);
    assert.equal(peer.timesAsked("/revocations/snapshot"), 1);
    assert.deepEqual([verifier.status().position, verifier.status().entries], [peer.head, 20]);
    assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_7" })), "revoked");
  });

test("FD-05 a snapshot signed by another key is none", async (t) => {
  const peer = await snapshotPeer(t);
  const own = peer.faults.leaseSigner;
  peer.faults.leaseSigner = await makeSigner("feed-1", "EdDSA");
  const removed = peer.standing().map(({ seq }) => seq);
  // Whoever forges a snapshot leaves something out; the pages tell it.
  peer.faults.snapshot = (bytes) => {
    peer.faults.leaseSigner = own;
    return bytes;
  };
  const verifier = await startVerifier(t, peer);
  assert.equal(verifier.status().entries, removed.length);
  assert.ok(peer.timesAsked("/revocations") >= 1, "by its pages");
});

test("FD-02 an old snapshot is as good as its tail: what came after it is known before anything is accepted", async (t) => {
  const peer = await snapshotPeer(t);
  let old: Buffer | undefined;
  peer.faults.snapshot = (bytes) => {
    old ??= bytes;
    return old;
  };
  await (await startVerifier(t, peer)).close();
  peer.revoke("token", "tok_later");
  const verifier = await startVerifier(t, peer);
  assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_later" })), "revoked");
  assert.deepEqual(verifier.status().position, peer.head);
});
