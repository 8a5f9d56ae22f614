// Opaque tokens, ours and imported: asked about once, then judged here by what the answer said of them.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { formatToken, randomBytesPerToken } from "@rescind/core";
import { audience, type FeedPeer } from "./feed-peer.ts";
import { startPeer, startVerifier, untilVerdict, verdict } from "./running-verifier.ts";
import { until } from "./until.ts";

const ours = () => formatToken("access", "7", randomBytes(randomBytesPerToken));

/** Makes introspection know an opaque token. */
function known(peer: FeedPeer, claims: Record<string, unknown> = {}, token = ours()): string {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: peer.issuer, sub: "usr_1", aud: audience, client_id: "shop", scope: "a b" };
  const rev = peer.head.seq;
  peer.remember(token, { ...all, jti: "tok_1", iat: now, exp: now + 600, rev, ...claims }, undefined);
  return token;
}

test("an opaque token is asked about, and refused for a scope or audience it does not have", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = known(peer);
  assert.equal(await verdict(verifier, token, "a"), "accepted");
  assert.equal(await verdict(verifier, token, "a c"), "insufficient-scope");
  assert.equal(await verdict(verifier, known(peer, { aud: "https://x.example" })), "audience");
  assert.equal(await verdict(verifier, known(peer, { iss: "https://other.example" })), "issuer");
  assert.equal(await verdict(verifier, ours()), "inactive");
  const asked = peer.timesAsked("/introspect");
  assert.equal(await verdict(verifier, `${token.slice(0, -1)}!`), "malformed");
  assert.equal(peer.timesAsked("/introspect"), asked, "what has no checksum is not asked about");
});

test("an imported token of any text is verified like one of ours", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  for (const [i, text] of [
    "ya29.a0AfH6SMBx",
    "gho_16C7e42F292c6912E7710c8",
    "a/b+c~d-e_f==",
    "7",
  ].entries()) {
    known(peer, { jti: `imp_${i}` }, text);
    assert.equal(await verdict(verifier, text, "a"), "accepted", text);
    peer.revoke("token", `imp_${i}`);
    await until("it is refused", async () => (await verdict(verifier, text)) !== "accepted");
  }
});

test("A1 once a lease is newer than the answer, an opaque token is judged here, and a revocation ends it", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = known(peer, { grant_id: "g", lineage: [peer.fingerprint("subject", "usr_p")] });
  const heir = known(peer, { jti: "tok_2", lineage: [peer.fingerprint("subject", "usr_p")] });
  let asked = -1;
  await until("it is judged without asking", async () => {
    const before = asked;
    for (const each of [token, heir]) assert.equal(await verdict(verifier, each), "accepted");
    asked = peer.timesAsked("/introspect");
    return asked === before;
  });
  peer.faults.noIntrospection = true;
  assert.equal(await verdict(verifier, token), "accepted");
  const seq = peer.revoke("grant", "g");
  await untilVerdict(verifier, token, "revoked");
  peer.lift(seq);
  await untilVerdict(verifier, token, "accepted");
  peer.revoke("subject", "usr_p");
  await untilVerdict(verifier, heir, "revoked");
  assert.equal(await verdict(verifier, token), "revoked", "by its lineage");
});

test("FD-01 when the log is stale an opaque token is asked about again, and refused if nobody answers", async (t) => {
  const peer = await startPeer(t);
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const verifier = await startVerifier(t, peer, { clock, maxStaleness: 60, onStale: "reject" });
  const token = known(peer);
  assert.equal(await verdict(verifier, token), "accepted");
  peer.faults.noLeases = true;
  ahead = 61_000;
  assert.equal(await verdict(verifier, token), "accepted", "asking is how opaque tokens are known");
  peer.revoke("token", "tok_1");
  assert.match(await verdict(verifier, token), /^(inactive|revoked)$/);
  peer.faults.noIntrospection = true;
  assert.match(await verdict(verifier, token), /^(stale|revoked)$/);
});

test("A5 what the server called inactive is not accepted by what is known here until a newer lease says so", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { leaseInterval: 3600 });
  const token = known(peer);
  assert.equal(await verdict(verifier, token), "accepted");
  peer.faults.silentStream = true;
  peer.revoke("token", "tok_1");
  assert.equal(await verdict(verifier, token), "inactive");
  peer.faults.noIntrospection = true;
  assert.equal(await verdict(verifier, token), "stale");
});
