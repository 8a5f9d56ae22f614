// Tokens that are bound to a key (DPoP, RFC 9449) or to a certificate (mutual TLS, RFC 8705): never good as plain ones.

import assert from "node:assert/strict";
import { createHash, randomUUID, webcrypto, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { type Presentation, TokenRejected, type Verifier } from "@rescind/verifier";
import { calculateJwkThumbprint } from "jose";
import { readDpopProof } from "../src/dpop-proof.ts";
import { ProofMemory } from "../src/proof-memory.ts";
import type { FeedPeer } from "./feed-peer.ts";
import { makeSigner, type Signer } from "./peer-signer.ts";
import { startPeer, startVerifier } from "./running-verifier.ts";

const url = "https://api.example/orders";
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const digest = (text: string) => createHash("sha256").update(text).digest("base64url");

/** Of RFC 9449 sections 7.1 and 6.1. */
const rfc9449 = {
  accessToken: "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
  key: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
  at: 1562262618,
  proof:
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo" +
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq" +
    "dGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNv" +
    "dXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRq" +
    "zhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
};

/** The certificate of RFC 8705 appendix A and its thumbprint. */
const rfc8705 = {
  certificate: Buffer.from(
    "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwE" +
      "bXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGG" +
      "WvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUa" +
      "KlLR50Q2DmFfQj1L+SY=",
    "base64",
  ),
  thumbprint: "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0",
};

interface Bound {
  readonly peer: FeedPeer;
  readonly verifier: Verifier;
  readonly signer: Signer;
  readonly token: string;
}

async function boundToken(t: Parameters<typeof startPeer>[0], alg = "ES256"): Promise<Bound> {
  const peer = await startPeer(t);
  const signer = await makeSigner("client", alg);
  const jkt = await calculateJwkThumbprint(signer.publicJwk);
  const token = await peer.issue({ cnf: { jkt } });
  return { peer, verifier: await startVerifier(t, peer), signer, token };
}

type Json = Record<string, unknown>;

async function proofOf(
  { signer, token }: Pick<Bound, "signer" | "token">,
  claims: Json = {},
  header: Json = {},
) {
  const { kid: _, use: __, alg: ___, ...jwk } = signer.publicJwk;
  const all = {
    jti: randomUUID(),
    htm: "GET",
    htu: url,
    iat: Math.floor(Date.now() / 1000),
    ath: digest(token),
    ...claims,
  };
  const input = `${encode({ typ: "dpop+jwt", alg: signer.alg, jwk, ...header })}.${encode(all)}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await webcrypto.subtle.sign(algorithm, signer.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString("base64url")}`;
}

async function codeOf(verifier: Verifier, token: string, presentation?: Presentation): Promise<string> {
  try {
    await verifier.verify(token, {}, presentation);
    return "accepted";
  } catch (cause) {
    assert.ok(cause instanceof TokenRejected, String(cause));
    return cause.code;
  }
}

const shown = (proof: string | undefined): Presentation => ({ scheme: "DPoP", proof, method: "GET", url });

test("RFC 9449 section 7.1: the example's proof is good for its request, at its time, and for nothing else", async () => {
  const { accessToken, at, proof, key } = rfc9449;
  const request = { method: "GET", url: "https://resource.example.org/protectedresource", accessToken };
  assert.equal((await readDpopProof(proof, request, at)).key, key);
  for (const later of [at + 60, at - 10]) assert.equal((await readDpopProof(proof, request, later)).key, key);
  const refused: [typeof request, number][] = [
    [request, at + 61],
    [request, at - 11],
    [request, Number.NaN],
    [{ ...request, method: "POST" }, at],
    [{ ...request, method: "get" }, at],
    [{ ...request, url: "https://resource.example.org/other" }, at],
    [{ ...request, url: "http://resource.example.org/protectedresource" }, at],
    [{ ...request, url: "https://resource.example.org:8443/protectedresource" }, at],
    [{ ...request, url: "none" }, at],
    [{ ...request, accessToken: `${accessToken}x` }, at],
  ];
  for (const [other, time] of refused)
    await assert.rejects(readDpopProof(proof, other, time), { code: "proof" }, JSON.stringify(other));
});

test("RFC 8705 appendix A: the example's certificate has the example's thumbprint, and opens its token only", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = await peer.issue({ cnf: { "x5t#S256": rfc8705.thumbprint } });
  assert.ok(new X509Certificate(rfc8705.certificate).subject.includes("mtls"));
  assert.equal(await codeOf(verifier, token, { certificate: () => rfc8705.certificate }), "accepted");
  const other = Buffer.from(rfc8705.certificate);
  other[other.length - 1] = 0;
  assert.equal(await codeOf(verifier, token, { certificate: () => other }), "binding");
  assert.equal(await codeOf(verifier, token, { certificate: () => undefined }), "binding");
  assert.equal(await codeOf(verifier, token), "binding");
});

test("a DPoP token is accepted with a proof of its key, under any spelling of the URL", async (t) => {
  for (const alg of ["ES256"]) {
    const bound = await boundToken(t, alg);
    for (const htu of [url, `${url}?a=1#b`, "HTTPS://API.example:443/orders", "https://api.example/%6frders"])
      assert.equal(
        await codeOf(bound.verifier, bound.token, shown(await proofOf(bound, { htu }))),
        "accepted",
        htu,
      );
  }
});

test("AC-22 a token with cnf is never a plain one, and a plain one is none under the scheme DPoP", async (t) => {
  const bound = await boundToken(t);
  const { peer, verifier, token } = bound;
  const proof = await proofOf(bound);
  assert.equal(await codeOf(verifier, token), "binding");
  assert.equal(await codeOf(verifier, token, { ...shown(proof), scheme: "Bearer" }), "binding");
  assert.equal(await codeOf(verifier, token, shown(undefined)), "proof");
  assert.equal(await codeOf(verifier, token, { scheme: "DPoP", proof }), "proof");
  const plain = await peer.issue();
  assert.equal(await codeOf(verifier, plain, shown(await proofOf({ ...bound, token: plain }))), "binding");
  const kinds: unknown[] = [
    { kid: "k" },
    { jwk: bound.signer.publicJwk },
    { "x5t#S256": rfc8705.thumbprint, "x5t#S512": "x" },
    { jkt: "short" },
    { jkt: null },
    {},
    [],
    null,
    "x",
    7,
  ];
  for (const cnf of kinds) {
    const strange = await peer.issue({ cnf });
    const all = shown(await proofOf({ ...bound, token: strange }));
    const how = { ...all, certificate: () => rfc8705.certificate };
    assert.equal(await codeOf(verifier, strange, how), "binding", JSON.stringify(cnf));
    assert.equal(await codeOf(verifier, strange), "binding", JSON.stringify(cnf));
  }
});

test("AC-22 a token bound twice needs both", async (t) => {
  const bound = await boundToken(t);
  const jkt = await calculateJwkThumbprint(bound.signer.publicJwk);
  const token = await bound.peer.issue({ cnf: { jkt, "x5t#S256": rfc8705.thumbprint } });
  const certificate = () => rfc8705.certificate;
  const proof = await proofOf({ ...bound, token });
  assert.equal(await codeOf(bound.verifier, token, { certificate }), "binding");
  assert.equal(await codeOf(bound.verifier, token, shown(proof)), "binding");
  assert.equal(await codeOf(bound.verifier, token, { ...shown(proof), certificate }), "accepted");
});

test("AC-22 a proof is good once", async (t) => {
  const bound = await boundToken(t);
  const proof = shown(await proofOf(bound));
  assert.equal(await codeOf(bound.verifier, bound.token, proof), "accepted");
  assert.equal(await codeOf(bound.verifier, bound.token, proof), "proof");
  const twice = shown(await proofOf(bound));
  const codes = await Promise.all([1, 2, 3].map(() => codeOf(bound.verifier, bound.token, twice)));
  assert.deepEqual(codes.sort(), ["accepted", "proof", "proof"]);
});

test("AC-22 forged, foreign, old and misdirected proofs are refused", async (t) => {
  const bound = await boundToken(t);
  const now = Math.floor(Date.now() / 1000);
  const good = await proofOf(bound);
  const [header = "", payload = "", signature = ""] = good.split(".");
  const stranger = await makeSigner("stranger", "ES256");
  const privateJwk = await webcrypto.subtle.exportKey("jwk", bound.signer.privateKey);
  const claims: Json[] = [
    { htm: "POST" },
    { htm: undefined },
    { htu: "https://api.example/orders/1" },
    { htu: "https://evil.example/orders" },
    { htu: undefined },
    { ath: undefined },
    { ath: digest("another token") },
    { iat: now - 120 },
    { iat: now + 120 },
    { iat: "now" },
    { iat: undefined },
    { jti: undefined },
    { jti: "" },
    { jti: "x".repeat(300) },
  ];
  const headers: Json[] = [
    { typ: "JWT" },
    { typ: "at+jwt" },
    { typ: undefined },
    { alg: "none" },
    { alg: "HS256" },
    { alg: "ES384" },
    { jwk: undefined },
    { jwk: privateJwk },
    { jwk: stranger.publicJwk },
    { jwk: { kty: "oct", k: "AAAA" } },
    { crit: ["exp"] },
  ];
  const proofs = [
    "",
    "x",
    `${good}, ${good}`,
    `${header}.${payload}.`,
    `${header}.${payload}.${Buffer.alloc(64).toString("base64url")}`,
    `${header}.${encode({})}.${signature}`,
    ...(await Promise.all(claims.map((change) => proofOf(bound, change)))),
    ...(await Promise.all(headers.map((change) => proofOf(bound, {}, change)))),
  ];
  for (const proof of proofs)
    assert.equal(await codeOf(bound.verifier, bound.token, shown(proof)), "proof", proof);
  const theirs = await proofOf({ signer: stranger, token: bound.token });
  assert.equal(await codeOf(bound.verifier, bound.token, shown(theirs)), "binding");
  assert.equal(
    await codeOf(bound.verifier, bound.token, shown(good)),
    "accepted",
    "none of these used it up",
  );
});

test("a proof that was used for a token that is revoked is not used up, and does not help", async (t) => {
  const bound = await boundToken(t);
  const proof = shown(await proofOf(bound));
  const elsewhere = await bound.peer.issue({
    scope: "none",
    exp: 1,
    cnf: { jkt: await calculateJwkThumbprint(bound.signer.publicJwk) },
  });
  const forOther = shown(await proofOf({ ...bound, token: elsewhere }));
  assert.equal(await codeOf(bound.verifier, elsewhere, forOther), "expired");
  assert.equal(await codeOf(bound.verifier, bound.token, proof), "accepted");
});

test("RFC 9449 section 7.1: challenges name the scheme and its algorithms", async (t) => {
  const bound = await boundToken(t);
  const handler = bound.verifier.fetchHandler({}, () => new Response("ok"));
  const ask = (headers: Record<string, string>) => handler(new Request(url, { headers }));
  const bare = await ask({ authorization: `Bearer ${bound.token}` });
  assert.equal(bare.status, 401);
  assert.match(bare.headers.get("www-authenticate") ?? "", /^DPoP error="invalid_token", .*algs="ES256 /);
  const unproven = await ask({ authorization: `DPoP ${bound.token}` });
  assert.match(unproven.headers.get("www-authenticate") ?? "", /^DPoP error="invalid_dpop_proof", /);
  const dpop = await proofOf(bound);
  assert.equal((await ask({ authorization: `dpop ${bound.token}`, dpop })).status, 200);
  assert.equal((await ask({ authorization: `DPoP ${bound.token}`, dpop })).status, 401);
  const host = await ask({
    authorization: `DPoP ${bound.token}`,
    dpop: await proofOf(bound, { htu: "https://x.example/orders" }),
    host: "x.example",
  });
  assert.equal(host.status, 401, "the Host header says nothing");
});

test("AC-21 a certificate in a header is one only where the option names the header", async (t) => {
  const peer = await startPeer(t);
  const token = await peer.issue({ cnf: { "x5t#S256": rfc8705.thumbprint } });
  const base64 = rfc8705.certificate.toString("base64");
  const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  const values = [`:${base64}:`, encodeURIComponent(pem)];
  const open = await startVerifier(t, peer);
  const proxied = await startVerifier(t, peer, { certificateHeader: "Client-Cert" });
  const ask = (verifier: Verifier, headers: Record<string, string>) =>
    verifier
      .fetchHandler(
        {},
        () => new Response("ok"),
      )(new Request(url, { headers: { authorization: `Bearer ${token}`, ...headers } }))
      .then(({ status }) => status);
  for (const value of values) {
    assert.equal(await ask(open, { "client-cert": value, "x-client-cert": value }), 401);
    assert.equal(await ask(proxied, { "client-cert": value }), 200);
    assert.equal(await ask(proxied, { "x-client-cert": value }), 401);
  }
  for (const value of ["", "::", ":A:", "%", base64, `:${base64}:, :${base64}:`])
    assert.equal(await ask(proxied, { "client-cert": value }), 401, value.slice(0, 20));
});

test("the memory of proofs is bounded, and what it forgot early is refused by its age", () => {
  const memory = new ProofMemory(100);
  let used = 0;
  for (let i = 0; i < 1000; i++) if (memory.use({ id: `p${i}`, issuedAt: i }, i)) used += 1;
  assert.equal(used, 1000, "none of them was shown twice");
  for (let i = 0; i < 1000; i++)
    assert.equal(memory.use({ id: `p${i}`, issuedAt: i }, 1000), false, String(i));
  assert.equal(memory.use({ id: "new", issuedAt: 1001 }, 1001), true);
});

test("a quiet memory forgets what has become too old, and refuses nobody for it", () => {
  const memory = new ProofMemory(100);
  assert.equal(memory.use({ id: "a", issuedAt: 0 }, 0), true);
  assert.equal(memory.use({ id: "b", issuedAt: 0 }, 1_000_000), true);
  assert.equal(memory.use({ id: "c", issuedAt: 0 }, 2_000_000), true);
  assert.equal(memory.use({ id: "c", issuedAt: 0 }, 2_000_001), false);
});
