// JWTs of other issuers that are registered at Rescind: verified by their own keys, revoked by its log.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createVerifier, type Verifier, type VerifierOptions } from "@rescind/verifier";
import { SignJWT } from "jose";
import { audience, clientId, clientSecret, type FeedPeer, makeSigner, type Signer } from "./feed-peer.ts";
import { startPeer, startVerifier, untilVerdict, verdict } from "./running-verifier.ts";

const idp = "https://idp.example/realms/a";
const theirs = "https://their-api.example";

interface World {
  readonly peer: FeedPeer;
  readonly verifier: Verifier;
  readonly signer: Signer;
}

async function world(t: TestContext, options: Partial<VerifierOptions> = {}): Promise<World> {
  const peer = await startPeer(t);
  const signer = await makeSigner("their=key/1", "RS256");
  peer.foreigners.push({ issuer: idp, maxTokenTtl: 3600, keys: [signer] });
  const issuers = [{ issuer: idp, audience: theirs }];
  return { peer, signer, verifier: await startVerifier(t, peer, { issuers, ...options }) };
}

const seconds = () => Math.floor(Date.now() / 1000);

/** A token of theirs; `undefined` drops a claim or header parameter. */
async function issue(
  { peer, signer }: Pick<World, "peer" | "signer">,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const all = {
    iss: idp,
    sub: "u1",
    aud: theirs,
    exp: seconds() + 900,
    iat: seconds(),
    jti: "t1",
    azp: "app",
  };
  const present = Object.fromEntries(
    Object.entries({ ...all, ...claims }).filter(([, value]) => value !== undefined),
  );
  const token = await new SignJWT(present)
    .setProtectedHeader({ alg: signer.alg, kid: signer.kid, ...header })
    .sign(signer.privateKey);
  peer.remember(token, present, undefined);
  return token;
}

test("a foreign JWT is accepted by its issuer's keys, with what it says of client and scopes", async (t) => {
  const all = await world(t);
  const token = await issue(all, { scp: ["read", "write"] }, { typ: "JWT" });
  const verified = await all.verifier.verify(token, { scope: "read" });
  assert.deepEqual(
    [verified.issuer, verified.subject, verified.clientId, verified.tokenId],
    [idp, "u1", "app", "t1"],
  );
  assert.equal(await verdict(all.verifier, token, "other"), "insufficient-scope");
  for (const typ of [undefined, "at+jwt", "application/okta-internal-at+jwt"])
    assert.equal(await verdict(all.verifier, await issue(all, {}, { typ })), "accepted", String(typ));
  assert.equal(await verdict(all.verifier, await all.peer.issue()), "accepted", "beside our own");
});

for (const [unit, value] of [
  ["token", "t1"],
  ["subject", "u1"],
  ["issuer", ""],
] as const)
  test(`an order on the foreign unit ${unit} ends its token, and comes back with the lift`, async (t) => {
    const all = await world(t);
    const token = await issue(all);
    const other = await issue(all, { sub: "u2", jti: "t2", iat: seconds() - 60 });
    assert.equal(await verdict(all.verifier, token), "accepted");
    const wide = unit === "token" ? {} : { before: seconds() };
    const seq = all.peer.revoke(unit, value, { issuer: idp, ...wide });
    await untilVerdict(all.verifier, token, "revoked");
    assert.equal(await verdict(all.verifier, other), unit === "issuer" ? "revoked" : "accepted");
    all.peer.lift(seq);
    await untilVerdict(all.verifier, token, "accepted");
  });

test("units of ours with the same values, and those of another issuer, say nothing of a foreign token", async (t) => {
  const all = await world(t);
  const token = await issue(all, { grant_id: "g", sid: "s" });
  all.peer.revoke("subject", "u1");
  all.peer.revoke("client", "app");
  all.peer.revoke("grant", "g", { issuer: idp });
  all.peer.revoke("session", "s", { issuer: idp });
  all.peer.revoke("all", "");
  const last = all.peer.revoke("subject", "u1", { issuer: "https://other.example" });
  const own = await all.peer.issue({ rev: 0 });
  await untilVerdict(all.verifier, own, "revoked");
  assert.equal(all.verifier.status().position.seq, last);
  assert.equal(await verdict(all.verifier, token), "accepted");
});

test("before decides by iat within the clock tolerance, and without iat a foreign token is covered", async (t) => {
  const all = await world(t);
  const cut = seconds() - 100;
  const tokens = await Promise.all(
    [cut, cut + 10, cut + 11, undefined].map((iat, i) => issue(all, { iat, jti: `t${i}` })),
  );
  all.peer.revoke("subject", "u1", { issuer: idp, before: cut });
  await untilVerdict(all.verifier, tokens[0] ?? "", "revoked");
  assert.deepEqual(await Promise.all(tokens.map((token) => verdict(all.verifier, token))), [
    "revoked",
    "revoked",
    "accepted",
    "revoked",
  ]);
});

test("E3 a foreign token that lives longer than its issuer is registered for is refused", async (t) => {
  const all = await world(t);
  assert.equal(await verdict(all.verifier, await issue(all, { exp: seconds() + 3600 })), "accepted");
  assert.equal(await verdict(all.verifier, await issue(all, { exp: seconds() + 3600 + 90 })), "claims");
});

test("JW-02 nothing of one issuer is tried for another: keys, audience, kid", async (t) => {
  const all = await world(t);
  const { peer, verifier } = all;
  const own = peer.keys[0];
  assert.ok(own !== undefined);
  const cases: [string, string][] = [
    ["our key for their iss", await issue({ peer, signer: own })],
    ["their key for our iss", await issue(all, { iss: peer.issuer, aud: audience })],
    ["our audience", await issue(all, { aud: audience })],
    ["their audience for ours", await peer.issue({ aud: theirs })],
    ["an issuer that is not trusted", await issue(all, { iss: "https://other.example" })],
    ["their name with a slash", await issue(all, { iss: `${idp}/` })],
    ["a logout token", await issue(all, {}, { typ: "logout+jwt" })],
    ["no subject", await issue(all, { sub: undefined })],
    ["no end", await issue(all, { exp: undefined })],
    ["a subject of the wrong type", await issue(all, { sub: 7 })],
    ["past its end", await issue(all, { exp: seconds() - 1 })],
  ];
  const found = await Promise.all(
    cases.map(async ([what, token]) => [what, await verdict(verifier, token)] as const),
  );
  assert.deepEqual(Object.fromEntries(found), {
    "our key for their iss": "unknown-key",
    "their key for our iss": "malformed",
    "our audience": "audience",
    "their audience for ours": "audience",
    "an issuer that is not trusted": "issuer",
    "their name with a slash": "issuer",
    "a logout token": "malformed",
    "no subject": "claims",
    "no end": "claims",
    "a subject of the wrong type": "claims",
    "past its end": "expired",
  });
});

test("a token without aud is for the client it names, where that is the audience", async (t) => {
  const all = await world(t, { issuers: [{ issuer: idp, audience: "app" }] });
  const cognito = { aud: undefined, azp: undefined };
  assert.equal(await verdict(all.verifier, await issue(all, { ...cognito, client_id: "app" })), "accepted");
  assert.equal(await verdict(all.verifier, await issue(all, { ...cognito, client_id: "x" })), "audience");
  assert.equal(await verdict(all.verifier, await issue(all, cognito)), "audience");
});

test("an RSA key that does not name its algorithm signs RS256", async (t) => {
  const peer = await startPeer(t);
  const { alg: _, ...publicJwk } = (await makeSigner("entra", "RS256")).publicJwk;
  const signer = await makeSigner("entra", "RS256");
  peer.foreigners.push({ issuer: idp, maxTokenTtl: 3600, keys: [{ ...signer, publicJwk }] });
  const issuers = [{ issuer: idp, audience: theirs }];
  const verifier = await startVerifier(t, peer, { issuers });
  assert.equal(await verdict(verifier, await issue({ peer, signer })), "signature", "of another key");
  peer.foreigners.pop();
  const { alg: __, ...right } = signer.publicJwk;
  peer.foreigners.push({ issuer: idp, maxTokenTtl: 3600, keys: [{ ...signer, publicJwk: right }] });
  const again = await startVerifier(t, peer, { issuers });
  assert.equal(await verdict(again, await issue({ peer, signer })), "accepted");
});

test("FD-01 when the log is stale a foreign token is asked about, and judged by what came since", async (t) => {
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const all = await world(t, { clock, maxStaleness: 60 });
  const token = await issue(all);
  all.peer.faults.noLeases = true;
  ahead = 61_000;
  assert.equal(await verdict(all.verifier, token), "accepted");
  all.peer.revoke("subject", "u1", { issuer: idp, before: seconds() });
  assert.match(await verdict(all.verifier, token), /^(inactive|revoked)$/);
  all.peer.faults.noLeases = false;
  // With the first lease that was asked for after that answer.
  await untilVerdict(all.verifier, token, "revoked");
});

test("their keys being away stops neither the start nor tokens of ours, and theirs are stale, not invalid", async (t) => {
  const peer = await startPeer(t);
  const signer = await makeSigner("k", "ES256");
  peer.foreigners.push({ issuer: idp, maxTokenTtl: 3600, keys: [signer] });
  peer.faults.noForeignKeys = true;
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const issuers = [{ issuer: idp, audience: theirs }];
  const verifier = await startVerifier(t, peer, { issuers, clock });
  assert.equal(await verdict(verifier, await peer.issue()), "accepted");
  const token = await issue({ peer, signer });
  assert.equal(await verdict(verifier, token), "stale");
  peer.faults.noForeignKeys = false;
  ahead = 10_001;
  await untilVerdict(verifier, token, "accepted");
});

test("an issuer that is not registered, doubled, or without https is an error that names it", async (t) => {
  const peer = await startPeer(t);
  const start = (issuers: VerifierOptions["issuers"]) =>
    createVerifier({ issuer: peer.issuer, audience, clientId, clientSecret, issuers });
  const their = { issuer: idp, audience: theirs };
  await assert.rejects(start([their]), /idp\.example.*not registered/);
  await assert.rejects(start([their, their]), /issuers\[1\]\.issuer is there already/);
  await assert.rejects(start([{ ...their, issuer: peer.issuer }]), /there already/);
  await assert.rejects(start([{ ...their, issuer: "http://idp.example" }]), /issuers\[0\]\.issuer.*https/);
  await assert.rejects(start([{ ...their, jwksUri: "http://idp.example/k" }]), /issuers\[0\]\.jwksUri/);
  await assert.rejects(start([{ ...their, audience: [] }]), /issuers\[0\]\.audience/);
});

test("JW-11 given keys take the place of the registered ones", async (t) => {
  const peer = await startPeer(t);
  const other = await startPeer(t);
  const signer = await makeSigner("k", "ES256");
  peer.foreigners.push({ issuer: idp, maxTokenTtl: 3600, keys: [await makeSigner("k", "ES256")] });
  other.foreigners.push({ issuer: idp, maxTokenTtl: 3600, keys: [signer] });
  const jwksUri = `${other.issuer}/foreign-jwks`;
  const verifier = await startVerifier(t, peer, { issuers: [{ issuer: idp, audience: theirs, jwksUri }] });
  assert.equal(await verdict(verifier, await issue({ peer, signer })), "accepted");
});
