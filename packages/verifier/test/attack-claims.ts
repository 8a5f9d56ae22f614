// Attack tokens that are well signed, or for which somebody else signed well: claims, issuers, audiences, times, bindings,
// and what was revoked.

import type { RejectionCode } from "@rescind/verifier";
import { SignJWT } from "jose";
import { foreignAudience, foreignIssuer, foreignToken, type Loot, type Rows, row } from "./attack.ts";
import { decode, type Json, signedTexts, withClaims, withHeader } from "./forged-token.ts";
import type { Signer } from "./peer-signer.ts";

const required = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"];

export async function lacking({ peer, good, own }: Loot): Promise<Rows> {
  const missing = required.map(async (name) =>
    row(`JW-07 no ${name}`, await peer.issue({ [name]: undefined }), "claims"),
  );
  const types = [
    "",
    "dpop+jwt",
    "logout+jwt",
    "rescind-lease+jwt",
    "rescind-snapshot+jwt",
    "at+jwt ",
    "id+jwt",
  ];
  const others: unknown[] = [...types, "secevent+jwt", "application/json", 1, null, ["at+jwt"], {}];
  const typed = others.map((typ) =>
    row(`JW-07 typ ${JSON.stringify(typ)}`, withHeader(good, { typ }), "malformed"),
  );
  const empty = await signedTexts(own, JSON.stringify(decode(good).header), "{}");
  const none = row("JW-07 no typ", withHeader(good, { typ: undefined }), "malformed");
  return [...(await Promise.all(missing)), ...typed, none, row("JW-07 no claims", empty, "claims")];
}

export function mistyped({ peer }: Loot): Rows {
  const values: unknown[] = [null, {}, [], "", [1], true, [[]]];
  return Promise.all(
    required.flatMap((name) =>
      values.map(async (value) =>
        row(`JW-07 ${name} ${JSON.stringify(value)}`, await peer.issue({ [name]: value }), "claims"),
      ),
    ),
  );
}

export function hidden({ peer }: Loot): Rows {
  const claims: Json[] = [
    ...["grant_id", "sid", "key_id"].flatMap((name) =>
      [7, ["x"], "", null, {}].map((value) => ({ [name]: value })),
    ),
    ...["later", -1, 1.5, 2 ** 53, null, [1]].map((rev) => ({ rev })),
    ...["x", ["short"], [7], {}, [[]], ["A".repeat(23)], null].map((lineage) => ({ lineage })),
    ...["true", 1, null, "false"].map((offline) => ({ offline })),
    ...[{ grant_iat: "yesterday" }, { nbf: "tomorrow" }, { nbf: null }, { scope: ["a"] }, { scope: null }],
  ];
  return Promise.all(
    claims.map(async (change) =>
      row(`hides a unit ${JSON.stringify(change)}`, await peer.issue(change), "claims"),
    ),
  );
}

export async function mixedUp({ peer, good, foreign, foreigner, own }: Loot): Promise<Rows> {
  const issuers = [
    `${peer.issuer}/`,
    peer.issuer.toUpperCase(),
    `${peer.issuer}#`,
    "https://other.example",
    "a",
  ];
  const audiences: unknown[] = [
    "https://api.example/",
    "https://api.example.evil",
    ["a", "b"],
    "shop",
    foreignAudience,
  ];
  const ours = decode(good).claims;
  const theirs = decode(foreign).claims;
  const es = JSON.stringify({ alg: "ES256", kid: own.kid, typ: "at+jwt" });
  return [
    ...(await Promise.all(
      issuers.map(async (iss) => row(`iss ${iss}`, await peer.issue({ iss }), "issuer")),
    )),
    ...(await Promise.all(
      audiences.map(async (aud) => row(`aud ${JSON.stringify(aud)}`, await peer.issue({ aud }), "audience")),
    )),
    row("theirs, signed by us", await signedTexts(own, es, JSON.stringify(theirs)), "unknown-key"),
    row("ours, signed by them", await foreignToken(foreigner, ours), "unknown-key"),
    row("theirs for our audience", await foreignToken(foreigner, { aud: "https://api.example" }), "audience"),
    row("signed by the feed's key", await withKid(peer.feedSigner, ours), "unknown-key"),
    row("theirs without a subject", await foreignToken(foreigner, { sub: undefined }), "claims"),
    row("theirs with a name for ours", withClaims(foreign, { iss: peer.issuer }), "unknown-key"),
    row("an ID token", await peer.issue({ aud: "shop", nonce: "n" }, { typ: "JWT" }), "audience"),
  ];
}

export function twice({ good, own }: Loot): Rows {
  const { header, claims } = decode(good);
  const [head, body] = [JSON.stringify(header), JSON.stringify(claims)];
  const first = (text: string, member: string) => text.replace("{", `{${member},`);
  const last = (text: string, member: string) => `${text.slice(0, -1)},${member}}`;
  const members = [
    '"sub":"usr_2"',
    '"exp":99999999999',
    '"aud":"x"',
    '"\\u0073ub":"usr_2"',
    '"jti":"c"',
    '"cnf":{"a":1,"a":2}',
  ];
  const headers = ['"alg":"none"', '"kid":"x"', '"\\u0061lg":"none"', '"typ":"JWT"'];
  const signed = (name: string, h: string, p: string, code: RejectionCode) =>
    signedTexts(own, h, p).then((token) => row(`JW-14 ${name}`, token, code));
  return Promise.all([
    ...members.flatMap((member) => [
      signed(`first ${member}`, head, first(body, member), "claims"),
      signed(`last ${member}`, head, last(body, member), "claims"),
    ]),
    ...headers.flatMap((member) => [
      signed(`first ${member}`, first(head, member), body, "malformed"),
      signed(`last ${member}`, last(head, member), body, "malformed"),
    ]),
    signed("a comment", head, body.replace("{", "{/**/"), "claims"),
    signed("a byte order mark", head, `\uFEFF${body}`, "claims"),
    signed("text after it", head, `${body}{}`, "claims"),
    signed("an endless number", head, last(body.replace(/"exp":\d+/, '"exp":1e999'), '"x":1'), "claims"),
  ]);
}

export async function timed({ peer, foreigner }: Loot): Promise<Rows> {
  const now = Math.floor(Date.now() / 1000);
  return [
    row("exp long ago", await peer.issue({ exp: 1 }), "expired"),
    row("exp in the past", await peer.issue({ exp: now - 60 }), "expired"),
    row("exp negative", await peer.issue({ exp: -1 }), "expired"),
    row("lives too long", await peer.issue({ exp: now + 10 * 365 * 86_400 }), "claims"),
    row("lives for ever", await peer.issue({ exp: Number.MAX_SAFE_INTEGER }), "claims"),
    row("not yet", await peer.issue({ nbf: now + 600 }), "not-yet"),
    row("theirs, expired", await foreignToken(foreigner, { exp: 1 }), "expired"),
    row("theirs, lives too long", await foreignToken(foreigner, { exp: now + 7 * 86_400 }), "claims"),
  ];
}

export async function bound({ peer, foreigner }: Loot): Promise<Rows> {
  const jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  const kinds: unknown[] = [
    { jkt },
    { "x5t#S256": jkt },
    { jkt, "x5t#S256": jkt },
    { jkt: 1 },
    { kid: "k" },
    { jwk: {} },
  ];
  const odd: unknown[] = [...kinds, { jwe: "x" }, {}, [], null, "", false, 0, [{ jkt }]];
  const ours = odd.map(async (cnf) =>
    row(`cnf ${JSON.stringify(cnf)}`, await peer.issue({ cnf }), "binding"),
  );
  const theirs = kinds.map(async (cnf) =>
    row(`theirs, cnf ${JSON.stringify(cnf)}`, await foreignToken(foreigner, { cnf }), "binding"),
  );
  return Promise.all([...ours, ...theirs]);
}

/** What was revoked stays so, however its parts are dressed up. */
export async function revoked({ peer, foreigner }: Loot): Promise<Rows> {
  const fp = peer.fingerprint("grant", "grt_gone");
  const claims: Json[] = [
    { jti: "gone" },
    { grant_id: "grt_gone" },
    { sub: "usr_gone" },
    { lineage: [fp] },
    { lineage: [peer.fingerprint("subject", "usr_gone"), fp] },
    { jti: "gone", offline: true },
    { jti: "gone", lineage: [] },
  ];
  // Issued before the orders, which spare what was authorised later.
  const tokens = await Promise.all(claims.map((change) => peer.issue({ rev: 0, ...change })));
  const theirs = await foreignToken(foreigner, { jti: "gone" });
  peer.revoke("token", "gone");
  peer.revoke("grant", "grt_gone");
  peer.revoke("subject", "usr_gone");
  peer.revoke("token", "gone", { issuer: foreignIssuer });
  const rows = tokens.map((token, i) => row(`revoked ${JSON.stringify(claims[i])}`, token, "revoked"));
  return [...rows, row("theirs, revoked", theirs, "revoked")];
}

async function withKid(signer: Signer, claims: Json): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: "at+jwt" })
    .sign(signer.privateKey);
}
