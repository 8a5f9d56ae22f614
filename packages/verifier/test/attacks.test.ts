// A corpus of attack tokens: THREATS.md section 5, the verifier's side. None is accepted, none costs a call per token.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import type { RejectionCode } from "@rescind/verifier";
import { publicTexts } from "./attack-corpus.ts";
import { type FeedPeer, makeSigner } from "./feed-peer.ts";
import { decode, encode, hmac, type Json, selfSigned, withHeader } from "./forged-token.ts";
import { startPeer, startVerifier, verdict } from "./running-verifier.ts";
import { until } from "./until.ts";

test("JW-01 alg none is refused in every spelling", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  const { claims, header } = decode(good);
  for (const alg of ["none", "None", "NONE", "nOnE", "none ", "", "NoNe\u0000"]) {
    const unsigned = `${encode({ ...header, alg })}.${encode(claims)}.`;
    assert.equal(await verdict(verifier, unsigned), "malformed", alg);
    assert.notEqual(await verdict(verifier, withHeader(good, { alg })), "accepted", alg);
    assert.notEqual(await verdict(verifier, `${unsigned}AA`), "accepted", alg);
  }
});

test("JW-02 the public key is no HMAC secret, whatever the whitespace", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  for (const secret of await publicTexts(peer.keys[0] ?? peer.feedSigner))
    for (const alg of ["HS256", "HS384", "HS512"])
      assert.equal(await verdict(verifier, hmac(good, alg, secret)), "signature");
});

test("JW-02 the algorithm comes from the key: another one in the header is refused", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  for (const alg of [
    "RS256",
    "PS256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "HS256",
    "dir",
    "es256",
    " ES256",
    "ES256 ",
  ])
    assert.equal(await verdict(verifier, withHeader(good, { alg })), "signature", alg);
  for (const alg of [null, 7, ["ES256"], {}])
    assert.equal(await verdict(verifier, withHeader(good, { alg })), "malformed", JSON.stringify(alg));
});

test("JW-02 a symmetric key in the key set verifies nothing", async (t) => {
  const peer = await startPeer(t);
  const good = await peer.issue();
  const secret = "a shared secret that got into the key set";
  const oct = { kty: "oct", k: Buffer.from(secret).toString("base64url"), kid: "oct-1", alg: "HS256" };
  const signer = await makeSigner("other", "ES256");
  peer.keys.unshift({ ...signer, publicJwk: oct });
  const verifier = await startVerifier(t, peer);
  assert.equal(await verdict(verifier, good), "accepted");
  assert.equal(
    await verdict(verifier, hmac(withHeader(good, { kid: "oct-1" }), "HS256", secret)),
    "unknown-key",
  );
});

test("JW-03 key material in the header is refused, even beside a good signature", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  const brought: ((jwk: Json) => Json)[] = [
    (jwk) => ({ jwk }),
    (jwk) => ({ jwk, kid: "mine" }),
    () => ({ jku: "https://evil.example/jwks" }),
    () => ({ x5u: "https://evil.example/cert" }),
    () => ({ x5c: ["MIIB"] }),
  ];
  for (const change of brought) {
    assert.equal(await verdict(verifier, selfSigned(good, change)), "malformed");
    const { jwk, ...rest } = change({ kty: "EC" });
    const beside = await peer.issue({}, { ...rest, ...(jwk === undefined ? {} : { jwk }) });
    assert.equal(await verdict(verifier, beside), "malformed");
  }
  assert.equal(
    await verdict(
      verifier,
      selfSigned(good, () => ({})),
    ),
    "signature",
  );
});

test("JW-04 a kid is a name in the key set and nothing else", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  for (const kid of ["__proto__", "constructor", "toString", "hasOwnProperty", "sig-1.", "SIG-1", "sig", "0"])
    assert.equal(await verdict(verifier, withHeader(good, { kid })), "unknown-key", kid);
  for (const kid of [
    "../../dev/null",
    "' OR 1=1--",
    "sig-1\u0000",
    "a b",
    "",
    "x".repeat(256),
    null,
    1,
    {},
    ["sig-1"],
  ])
    assert.equal(await verdict(verifier, withHeader(good, { kid })), "malformed", JSON.stringify(kid));
  assert.equal(await verdict(verifier, withHeader(good, { kid: undefined })), "malformed");
});

test("JW-10 a flood of unknown kids costs one fetch, and a new key is found", async (t) => {
  const peer = await startPeer(t);
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const verifier = await startVerifier(t, peer, { clock });
  const good = await peer.issue();
  const before = peer.timesAsked("/jwks");
  const flood = Array.from({ length: 200 }, (_, i) => verdict(verifier, withHeader(good, { kid: `k${i}` })));
  assert.deepEqual([...new Set(await Promise.all(flood))], ["unknown-key"]);
  assert.ok(peer.timesAsked("/jwks") <= before + 1);
  peer.keys.push(await makeSigner("sig-2", "ES256"));
  ahead += 10_001;
  await until("a lease was met", () => verifier.status().freshness === "fresh");
  assert.equal(await verdict(verifier, await peer.issue()), "accepted");
  assert.equal(await verdict(verifier, good), "accepted");
});

test("JW-10 while the keys cannot be fetched an unknown one is no reason for 401", async (t) => {
  const peer = await startPeer(t);
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const verifier = await startVerifier(t, peer, { clock });
  const good = await peer.issue();
  peer.faults.noKeys = true;
  ahead += 10_001;
  assert.equal(await verdict(verifier, withHeader(good, { kid: "new" })), "stale");
  await until("a lease was met", () => verifier.status().freshness === "fresh");
  assert.equal(await verdict(verifier, good), "accepted", "a key that is known stays known");
});

test("JW-05 crit, b64 and compression are refused, well signed or not", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  for (const change of [
    { crit: ["bork"], bork: 1 },
    { crit: [] },
    { crit: ["exp"] },
    { b64: false },
    { zip: "DEF" },
  ])
    assert.equal(await verdict(verifier, withHeader(good, change)), "malformed", JSON.stringify(change));
});

test("JW-06 too long a token, other than three parts, or none at all is refused before parsing", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  const { claims, header } = decode(good);
  const nested = `${"[".repeat(2500)}${"]".repeat(2500)}`;
  const hostile: unknown[] = [
    "",
    " ",
    "a b",
    "a\u0000b",
    "é",
    "rat_",
    "rat_short",
    `rrt_${"A".repeat(60)}`,
    `rat_${"A".repeat(60)}`,
    `${good}.`,
    `${good}.${good}`,
    `${good} `,
    ` ${good}`,
    `${good}\n`,
    "x".repeat(100_000),
    `${encode({ ...header, x: "y".repeat(9000) })}.${encode(claims)}.AAAA`,
    await peer.issue({ x: "y".repeat(9000) }),
    `${Buffer.from(`{"a":${nested}`).toString("base64url")}.e30.AAAA`,
    `eyJ.${encode(claims)}.AAAA`,
    `${Buffer.from([0x7b, 0x22, 0xff, 0xfe]).toString("base64url")}.e30.AAAA`,
    `${encode({ alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2 ** 31 })}.a.b.c.d`,
    undefined,
    null,
    7,
    {},
  ];
  for (const token of hostile)
    assert.equal(await verdict(verifier, token as string), "malformed", String(token).slice(0, 60));
  assert.equal(peer.timesAsked("/introspect"), 0, "none of them cost a question");
});

test("JW-06 what could be an opaque token of another system is asked about, and nothing else", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  const { claims } = decode(good);
  for (const text of [
    ".",
    "..",
    "a.b",
    "a.b.c",
    `.${good}`,
    `${encode("at+jwt")}.${encode(claims)}.AAAA`,
    `${encode(null)}.${encode(claims)}.AAAA`,
  ])
    assert.equal(await verdict(verifier, text), "inactive", text.slice(0, 60));
});

test("one token has one spelling: base64url with spare bits, padding or other letters is refused", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  const [header = "", payload = "", signature = ""] = good.split(".");
  const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const respelled = last.charAt(last.indexOf(signature.slice(-1)) ^ 1);
  for (const other of [
    `${header}.${payload}.${signature.slice(0, -1)}${respelled}`,
    `${header}.${payload}.${signature}=`,
    `${header}.${payload}.${signature}==`,
    `${header}.${payload}.${signature.slice(0, 10)}\n${signature.slice(10)}`,
    `${header}=.${payload}.${signature}`,
    `${header}.${payload.slice(0, 5)} ${payload.slice(5)}.${signature}`,
    `${header}.${payload}.${signature.replaceAll("-", "+").replaceAll("_", "/")}+/`,
  ])
    assert.equal(await verdict(verifier, other), "malformed", other.slice(-30));
  assert.equal(await verdict(verifier, good), "accepted");
});

test("JW-07 each required claim and the typ is missed, in the wrong type as well", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  for (const name of ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]) {
    assert.equal(await verdict(verifier, await peer.issue({ [name]: undefined })), "claims", name);
    for (const value of [null, {}, [], "", [1], true])
      assert.equal(
        await verdict(verifier, await peer.issue({ [name]: value })),
        "claims",
        `${name} ${String(value)}`,
      );
  }
  for (const typ of [undefined, "", "dpop+jwt", "logout+jwt", "rescind-lease+jwt", "at+jwt ", 1, null]) {
    const token = typ === undefined ? await untyped(peer) : await peer.issue({}, { typ });
    assert.equal(await verdict(verifier, token), "malformed", String(typ));
  }
  for (const typ of ["JWT", "AT+JWT", "application/at+jwt"])
    assert.equal(await verdict(verifier, await peer.issue({}, { typ })), "accepted", typ);
});

test("a claim that names a unit is refused in a type that would hide the unit", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const hidden: Json[] = [
    ...["grant_id", "sid", "key_id"].flatMap((name) => [{ [name]: 7 }, { [name]: ["x"] }, { [name]: "" }]),
    ...["later", -1, 1.5, 2 ** 53, null].map((rev) => ({ rev })),
    ...["x", ["short"], [7], {}].map((lineage) => ({
      lineage,
    })),
    ...["true", 1, null].map((offline) => ({ offline })),
    { grant_iat: "yesterday" },
    { nbf: "tomorrow" },
    { scope: ["orders:read"] },
  ];
  for (const claims of hidden)
    assert.equal(await verdict(verifier, await peer.issue(claims)), "claims", JSON.stringify(claims));
});

test("a token of another issuer or for another audience is refused, however alike the names", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  for (const iss of [`${peer.issuer}/`, peer.issuer.toUpperCase(), "https://other.example"])
    assert.equal(await verdict(verifier, await peer.issue({ iss })), "issuer", iss);
  for (const aud of ["https://api.example/", "https://api.example.evil", ["a", "b"], "shop"])
    assert.equal(await verdict(verifier, await peer.issue({ aud })), "audience", String(aud));
  assert.equal(await verdict(verifier, await peer.issue({ aud: ["x", "https://api.example"] })), "accepted");
});

test("JW-08 zero, truncated, doubled and foreign signatures are refused", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const good = await peer.issue();
  const other = await peer.issue();
  const [header = "", payload = "", signature = ""] = good.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const signatures: Buffer[] = [
    Buffer.alloc(64),
    Buffer.alloc(1),
    bytes.subarray(0, 63),
    Buffer.concat([bytes, bytes]),
    Buffer.concat([bytes, Buffer.alloc(1)]),
    Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]),
    Buffer.from(other.split(".")[2] ?? "", "base64url"),
    Buffer.from("3006020100020100", "hex"),
  ];
  for (const forged of signatures)
    assert.equal(
      await verdict(verifier, `${header}.${payload}.${forged.toString("base64url")}`),
      "signature",
    );
  for (let i = 0; i < bytes.length; i++) {
    const flipped = Buffer.from(bytes);
    flipped[i] = (flipped[i] ?? 0) ^ 1;
    assert.equal(
      await verdict(verifier, `${header}.${payload}.${flipped.toString("base64url")}`),
      "signature",
    );
  }
  assert.equal(await verdict(verifier, `${header}.${other.split(".")[1]}.${signature}`), "signature");
});

test("every algorithm of the list verifies under its own key", async (t) => {
  const peer = await startPeer(t);
  for (const alg of ["ES384", "ES512", "RS256", "PS256", "EdDSA"])
    peer.keys.push(await makeSigner(`k-${alg}`, alg));
  const verifier = await startVerifier(t, peer);
  const codes: (RejectionCode | "accepted")[] = [];
  while (peer.keys.length > 0) {
    codes.push(await verdict(verifier, await peer.issue()));
    peer.keys.pop();
  }
  assert.deepEqual(
    codes,
    Array.from({ length: 6 }, () => "accepted"),
  );
});

test("what is handed out cannot be changed for the next request", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = await peer.issue({ groups: ["staff"] });
  const first = await verifier.verify(token);
  assert.throws(() => Object.assign(first, { subject: "root" }), TypeError);
  assert.throws(() => (first.scopes as string[]).push("admin"), TypeError);
  assert.throws(() => (first.claims.groups as string[]).push("admin"), TypeError);
  assert.deepEqual((await verifier.verify(token)).claims.groups, ["staff"]);
});

async function untyped(peer: FeedPeer): Promise<string> {
  const signer = peer.keys[0];
  assert.ok(signer !== undefined);
  const { claims, header } = decode(await peer.issue());
  const { typ: _, ...rest } = header;
  const input = `${encode(rest)}.${encode(claims)}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await webcrypto.subtle.sign(algorithm, signer.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString("base64url")}`;
}
