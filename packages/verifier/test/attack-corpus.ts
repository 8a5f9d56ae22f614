// Attack tokens made from good ones, each with the code it has to be refused with: THREATS.md section 5, the verifier's
// side. A table; what is done to a token stands in its row. Here: headers, keys, signatures, spelling.

import assert from "node:assert/strict";
import { exportSPKI, importJWK } from "jose";
import { type Attack, foreignToken, type Loot, type Rows, row } from "./attack.ts";
import { bound, hidden, lacking, mistyped, mixedUp, revoked, timed, twice } from "./attack-claims.ts";
import type { FeedPeer } from "./feed-peer.ts";
import {
  decode,
  encode,
  encodeText,
  hmac,
  type Json,
  selfSigned,
  signedTexts,
  withClaims,
  withHeader,
  withSignature,
} from "./forged-token.ts";
import type { Signer } from "./peer-signer.ts";

/** The corpus against a peer; registers its foreign issuer there and revokes some things first. */
export async function attackCorpus(peer: FeedPeer, foreigner: Signer): Promise<readonly Attack[]> {
  const own = peer.keys[0];
  assert.ok(own !== undefined);
  const [good, other] = await Promise.all([peer.issue({ jti: "a" }), peer.issue({ jti: "b", sub: "usr_2" })]);
  const loot = { peer, good, other, own, foreigner, foreign: await foreignToken(foreigner) };
  const groups = [unsigned, confused, keyed, named, critical, huge, lacking, mistyped, hidden];
  const more = [signatures, mixedUp, twice, spelled, timed, bound, revoked];
  return (await Promise.all([...groups, ...more].map(async (group) => group(loot)))).flat();
}

function unsigned({ good, foreign }: Loot): Rows {
  const algs = ["none", "None", "NONE", "nOnE", "none ", " none", "", "NoNe\u0000", "null", "plain"];
  return algs.flatMap((alg) => {
    const bare = withHeader(good, { alg });
    return [
      row(`JW-01 ${alg}, no signature`, withSignature(bare, Buffer.alloc(0)), "malformed"),
      row(`JW-01 ${alg}, one byte`, withSignature(bare, Buffer.alloc(1)), "signature"),
      row(`JW-01 ${alg}, the old signature`, bare, "signature"),
      row(`JW-01 ${alg}, of another issuer`, withHeader(foreign, { alg }), "signature"),
    ];
  });
}

async function confused({ good, foreign, own, foreigner }: Loot): Promise<Rows> {
  const attacks: Attack[] = [];
  for (const [token, signer] of [[good, own] as const, [foreign, foreigner] as const])
    for (const [index, secret] of (await publicTexts(signer)).entries())
      for (const alg of ["HS256", "HS384", "HS512"])
        attacks.push(
          row(`JW-02 ${alg} of public text ${index} of ${signer.kid}`, hmac(token, alg, secret), "signature"),
        );
  const algs = ["RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "dir", "es256", " ES256", "A128KW"];
  for (const alg of algs) attacks.push(row(`JW-02 ${alg}`, withHeader(good, { alg }), "signature"));
  for (const alg of ["RS384", "RS512", "PS256", "ES256", "RS1", "rs256"])
    attacks.push(row(`JW-02 ${alg} for RSA`, withHeader(foreign, { alg }), "signature"));
  for (const alg of [null, 7, ["ES256"], {}, true])
    attacks.push(row(`JW-02 alg ${JSON.stringify(alg)}`, withHeader(good, { alg }), "malformed"));
  return attacks;
}

async function keyed({ peer, good }: Loot): Promise<Rows> {
  const brought: ((jwk: Json) => Json)[] = [
    (jwk) => ({ jwk }),
    (jwk) => ({ jwk, kid: "mine" }),
    (jwk) => ({ jwk: { ...jwk, kid: "sig-1" } }),
    () => ({ jwk: null }),
    () => ({ jku: "https://evil.example/jwks" }),
    () => ({ jku: `${peer.issuer}/jwks` }),
    () => ({ x5u: "https://evil.example/cert" }),
    () => ({ x5c: ["MIIB"] }),
    () => ({ x5c: [] }),
  ];
  const attacks = brought.map((change, i) =>
    row(`JW-03 brought ${i}`, selfSigned(good, change), "malformed"),
  );
  for (const change of brought.slice(3)) {
    const header = change({ kty: "EC" });
    const token = await signedTexts(
      peerKey(peer),
      JSON.stringify({ ...decode(good).header, ...header }),
      "{}",
    );
    attacks.push(row(`JW-03 beside a good signature ${JSON.stringify(header)}`, token, "malformed"));
  }
  attacks.push(
    row(
      "JW-03 self-signed under our kid",
      selfSigned(good, () => ({})),
      "signature",
    ),
  );
  return attacks;
}

function named({ good, foreign }: Loot): Rows {
  const unknown = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "sig-1.",
    "SIG-1",
    "sig",
    "0",
    "feed-1",
  ];
  const wrong: unknown[] = [
    ...[
      "../../dev/null",
      "/etc/passwd",
      "..\\x",
      "' OR 1=1--",
      "x' UNION SELECT 'k",
      "$(id)",
      "`id`",
      "|id",
      "*",
    ],
    ...[
      "sig-1\u0000",
      "sig-1\n",
      "a b",
      "",
      "x".repeat(256),
      "ｓig-1",
      "sig-1%00",
      "http://evil.example/k",
      "{}",
    ],
    ...[null, 1, {}, ["sig-1"], true],
  ];
  return [
    ...unknown.map((kid) => row(`JW-04 ${kid}`, withHeader(good, { kid }), "unknown-key")),
    ...wrong.map((kid) => row(`JW-04 ${JSON.stringify(kid)}`, withHeader(good, { kid }), "malformed")),
    row("JW-04 none", withHeader(good, { kid: undefined }), "malformed"),
    row("JW-04 ours for another issuer", withHeader(foreign, { kid: "sig-1" }), "unknown-key"),
    row("JW-04 another issuer's for ours", withHeader(good, { kid: "their-1" }), "unknown-key"),
  ];
}

async function critical({ good, own }: Loot): Promise<Rows> {
  const changes: Json[] = [
    ...[["bork"], [], ["exp"], ["b64"], "exp", null, {}].map((crit) => ({ crit })),
    ...[{ b64: false }, { b64: true }, { zip: "DEF" }, { enc: "A128GCM" }, { enc: "A256GCM", alg: "dir" }],
  ];
  const { header, claims } = decode(good);
  const signed = changes.map(async (change) => {
    const token = await signedTexts(own, JSON.stringify({ ...header, ...change }), JSON.stringify(claims));
    return row(`JW-05 well signed ${JSON.stringify(change)}`, token, "malformed");
  });
  const forged = changes.map((change) =>
    row(`JW-05 ${JSON.stringify(change)}`, withHeader(good, change), "malformed"),
  );
  return [...(await Promise.all(signed)), ...forged];
}

async function huge({ peer, good }: Loot): Promise<Rows> {
  const { header, claims } = decode(good);
  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const pbes = { alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2 ** 31 };
  const tokens: Record<string, string> = {
    "a long header": `${encode({ ...header, x: "y".repeat(9000) })}.${encode(claims)}.AAAA`,
    "a long payload, well signed": await peer.issue({ x: "y".repeat(9000) }),
    "a long signature": withSignature(good, Buffer.alloc(8000, 1)),
    "deep lists": `${encodeText(`{"a":${nested("[", "]", 2500)}}`)}.e30.AAAA`,
    "deep objects": `${encodeText(`${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`)}.e30.AAAA`,
    "deep and broken": `${encodeText(`{"a":${nested("[", "", 2500)}`)}.e30.AAAA`,
    JWE: `${encode(pbes)}.a.b.c.d`,
    "JWE of three parts": `${encode(pbes)}.e30.AAAA`,
    "two parts": good.slice(0, good.lastIndexOf(".")),
    "four parts": `${good}.`,
    "six parts": `${good}.${good}`,
    "no UTF-8": `${encodeText(Buffer.from([0x7b, 0x22, 0xff, 0xfe]))}.e30.AAAA`,
    "a byte order mark": `${encodeText(`{ "\uFEFF":1}`)}.e30.AAAA`,
    "a list for a header": `eyJ.${encode(claims)}.AAAA`,
    "JSON serialisation": JSON.stringify({ payload: encode(claims), signatures: [] }),
    "100 KB": "x".repeat(100_000),
  };
  return Object.entries(tokens).map(([name, token]) => row(`JW-06 ${name}`, token, "malformed"));
}

function signatures({ good, other, foreign }: Loot): Rows {
  const bytes = Buffer.from(decode(good).signature, "base64url");
  const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
  const [r, s] = [bytes.subarray(0, 32), bytes.subarray(32)];
  const zero = Buffer.alloc(32);
  const pairs = [
    [zero, zero],
    [zero, s],
    [r, zero],
    [order, order],
    [order, s],
    [r, order],
    [s, r],
    [r, r],
  ];
  const forged: Uint8Array[] = [
    ...pairs.map((pair) => Buffer.concat(pair)),
    ...[1, 2, 31, 32, 63].map((length) => bytes.subarray(0, length)),
    ...[1, 8, 32, 64].map((length) => Buffer.concat([bytes, Buffer.alloc(length)])),
    Buffer.concat([bytes, bytes]),
    Buffer.from(decode(other).signature, "base64url"),
    Buffer.from(decode(foreign).signature, "base64url"),
    Buffer.from("3006020100020100", "hex"),
    Buffer.concat([Buffer.from("30440220", "hex"), r, Buffer.from("0220", "hex"), s]),
  ];
  const changed: Json[] = [
    { sub: "usr_2" },
    { scope: "admin" },
    { exp: 2 ** 40 },
    { rev: 2 ** 52 },
    { iat: 0 },
  ];
  return [
    ...forged.map((signature, i) => row(`JW-08 signature ${i}`, withSignature(good, signature), "signature")),
    ...changed.map((claims) =>
      row(`JW-08 changed ${JSON.stringify(claims)}`, withClaims(good, claims), "signature"),
    ),
  ];
}

function spelled({ good }: Loot): Rows {
  const [header = "", payload = "", signature = ""] = good.split(".");
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = letters.indexOf(signature.slice(-1));
  const bits = [1, 2, 3].map(
    (bit) => `${header}.${payload}.${signature.slice(0, -1)}${letters.charAt(last ^ bit)}`,
  );
  const others = [
    `${good}=`,
    `${good}==`,
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}=.${signature}`,
    `${header}.${payload}.${signature.slice(0, 10)}\n${signature.slice(10)}`,
    `${header}.${payload.slice(0, 5)} ${payload.slice(5)}.${signature}`,
    `${header}.${payload}.${signature}+/`,
    `${header}.${payload}.${signature}\u0000`,
    `${good} `,
    `${good}\n`,
    ` ${good}`,
    `${header}.${payload}.`,
  ];
  return [
    ...[...bits, ...others].map((token, i) => row(`spelling ${i}`, token, "malformed")),
    row("no payload", `${header}..${signature}`, "signature"),
  ];
}

function peerKey(peer: FeedPeer): Signer {
  const [key] = peer.keys;
  assert.ok(key !== undefined);
  return key;
}

/** What everybody knows of a key, as an HMAC secret. */
export async function publicTexts({ publicJwk, alg }: Signer): Promise<(string | Buffer)[]> {
  const key = await importJWK({ ...publicJwk, ext: true }, alg, { extractable: true });
  assert.ok(!(key instanceof Uint8Array));
  const pem = await exportSPKI(key);
  const der = Buffer.from(pem.replace(/-----.*?-----|\s/g, ""), "base64");
  return [pem, `${pem}\n`, ` ${pem}`, `\n${pem}`, `${pem}\r\n`, JSON.stringify(publicJwk), der, ""];
}
