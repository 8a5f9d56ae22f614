// Keys and how long they are believed: THREATS.md JW-09, JW-11, JW-12.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lifetimes } from "@rescind/core";
import { createVerifier, Unanswered } from "@rescind/verifier";
import { audience, clientId, clientSecret, makeSigner } from "./feed-peer.ts";
import { startPeer, startVerifier, untilFresh, untilVerdict, verdict } from "./running-verifier.ts";

test("JW-11 keys are taken from the issuer's own metadata over https only, and no redirect is followed", async () => {
  const issuer = "https://id.example";
  const endpoints = ["jwks_uri", "rescind_feed_jwks_uri", "token_endpoint", "introspection_endpoint"];
  const good: Record<string, unknown> = Object.fromEntries(
    endpoints.map((name) => [name, `${issuer}/${name}`]),
  );
  good.issuer = issuer;
  good.rescind_revocations_endpoint = `${issuer}/revocations`;
  const spoofs: Record<string, unknown>[] = [
    ...endpoints.map((name) => ({ [name]: `http://id.example/${name}` })),
    { jwks_uri: "http://127.0.0.1/jwks" },
    { jwks_uri: "data:application/json,{}" },
    { jwks_uri: "/jwks" },
    { rescind_revocations_endpoint: "http://id.example/revocations" },
    { issuer: "https://evil.example" },
    { issuer: `${issuer}/` },
  ];
  for (const spoof of spoofs) {
    const asked: string[] = [];
    const answer: typeof fetch = async (input, init) => {
      asked.push(String(input));
      assert.equal(init?.redirect, "manual");
      return Response.json({ ...good, ...spoof });
    };
    const options = { issuer, audience, clientId, clientSecret, startTimeout: 0.1, fetch: answer };
    await assert.rejects(createVerifier(options), Unanswered, JSON.stringify(spoof));
    assert.deepEqual(
      [...new Set(asked)],
      [`${issuer}/.well-known/openid-configuration`],
      "nothing else was asked",
    );
  }
  for (const wrong of ["http://id.example", "ftp://id.example", "//id.example"])
    await assert.rejects(
      createVerifier({ issuer: wrong, audience, clientId, clientSecret }),
      { name: "TypeError", message: /issuer/ },
      wrong,
    );
});

test("JW-11 an answer in place of the keys, or keys that are not the feed's, start no verifier", async (t) => {
  const peer = await startPeer(t);
  const stranger = await makeSigner("feed-1", "EdDSA");
  const bodies: [string, unknown][] = [
    ["/jwks", { keys: "none" }],
    ["/jwks", "<html>"],
    ["/feed-jwks", { keys: [stranger.publicJwk] }],
    ["/feed-jwks", { keys: peer.keys.map((key) => key.publicJwk) }],
  ];
  for (const [path, body] of bodies) {
    const spoofed: typeof fetch = (input, init) =>
      String(input) === `${peer.issuer}${path}` ? Promise.resolve(Response.json(body)) : fetch(input, init);
    await assert.rejects(startVerifier(t, peer, { fetch: spoofed, startTimeout: 0.3 }), Unanswered);
  }
});

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
