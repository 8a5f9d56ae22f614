// RV-12, RV-13: there is one text for a token. Another spelling of the same bytes, a part of it, or a neighbour of it
// is nothing, before a revocation and after it.

import assert from "node:assert/strict";
import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { after, test } from "node:test";
import { formatToken, parseToken, type TokenKind } from "@rescind/core";
import fc from "fast-check";
import { startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";

const server = await startTestServer();
after(() => server.close());

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

async function isLive(token: string): Promise<boolean> {
  return (await server.introspect(token)).active === true;
}

/** Texts that decode to the same bytes for a decoder that does not mind. */
function respelled(jwt: string): string[] {
  const parts = jwt.split(".");
  const found: string[] = [];
  for (const [index, part] of parts.entries()) {
    const put = (text: string): void =>
      void found.push(parts.map((one, at) => (at === index ? text : one)).join("."));
    const spareBits = [0, 0, 4, 2][part.length % 4] ?? 0;
    const last = alphabet.indexOf(part.at(-1) ?? "");
    for (let bits = 1; bits < 2 ** spareBits; bits++) put(part.slice(0, -1) + alphabet[last ^ bits]);
    put(`${part}=`);
    put(`${part}==`);
    put(part.replaceAll("-", "+").replaceAll("_", "/"));
    put(`${part.slice(0, 10)}\n${part.slice(10)}`);
    put(`${part.slice(0, 10)} ${part.slice(10)}`);
    put(`${part}!`);
  }
  return [
    ...found,
    ` ${jwt}`,
    `${jwt} `,
    `${jwt}\n`,
    `${jwt}.`,
    `.${jwt}`,
    `${jwt}.${parts[2]}`,
    `\ufeff${jwt}`,
  ].filter((text) => text !== jwt);
}

/** The other valid ECDSA signature of the same message: (r, n - s). */
function mirrored(jwt: string): string {
  const [header, payload, signature = ""] = jwt.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const s = BigInt(`0x${bytes.subarray(32).toString("hex")}`);
  const other = (p256Order - s).toString(16).padStart(64, "0");
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, "hex")]).toString("base64url")}`;
}

test("RV-12 no re-encoding of a JWT is taken for it, and after its revocation not even its mirrored signature", async () => {
  const client = await server.registerClient({ scope: "rescind:read" });
  const jwt = await server.clientToken(client);
  const variants = respelled(jwt);
  assert.ok(variants.length > 30);
  for (const text of variants) assert.equal(await isLive(text), false, JSON.stringify(text));
  assert.equal(await isLive(jwt), true);

  const mirror = mirrored(jwt);
  const { json } = await server.request("/oauth2/jwks");
  const [header = "", payload, signature = ""] = mirror.split(".");
  const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
  const key = createPublicKey({
    key: (json.keys as JsonWebKey[]).find((one) => one.kid === kid) ?? {},
    format: "jwk",
  });
  const genuine = verify(
    "sha256",
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  assert.equal(
    genuine,
    true,
    "the mirrored signature verifies, so the text is a second one for the same jti",
  );

  await server.form("/oauth2/revoke", { token: jwt }, client);
  for (const text of [jwt, mirror, ...variants]) {
    assert.equal(await isLive(text), false, JSON.stringify(text));
    if (/[^\x20-\x7e]/.test(text)) continue; // no HTTP client sends these in a header
    const used = await server.request("/admin/v1/clients", { headers: { authorization: `Bearer ${text}` } });
    assert.equal(used.status, 401, JSON.stringify(text));
  }
});

test("RV-12 where the mirrored text is taken for the token, revoking by it ends the token itself", async () => {
  const client = await server.registerClient();
  const jwt = await server.clientToken(client);
  const isTakenForIt = await isLive(mirrored(jwt));
  assert.equal((await server.form("/oauth2/revoke", { token: mirrored(jwt) }, client)).status, 200);
  assert.deepEqual([await isLive(jwt), await isLive(mirrored(jwt))], [!isTakenForIt, false]);
});

test("RV-13 every part, extension and change of case of an opaque token is nothing", async () => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const { access_token, refresh_token } = await server.openGrant(client);
  for (const token of [String(access_token), String(refresh_token)]) {
    const near = new Set<string>();
    for (let i = 0; i < token.length; i++) {
      near.add(token.slice(0, i));
      near.add(token.slice(i + 1));
      const letter = token.charAt(i);
      for (const other of [letter.toLowerCase(), letter.toUpperCase(), "0", "-", ""])
        near.add(token.slice(0, i) + other + token.slice(i + 1));
    }
    for (const more of ["0", "=", " ", ".", token, "%00"]) near.add(token + more).add(more + token);
    near.delete(token);
    near.delete("");
    const states = await Promise.all([...near].map(isLive));
    assert.ok(states.length > 300 && !states.includes(true));
    assert.equal(await isLive(token), true);
  }
});

test("RV-13 a right checksum does not help: another secret, row or kind is nothing", async () => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const { access_token, refresh_token } = await server.openGrant(client);
  const rows = [access_token, refresh_token].map((token) => parseToken(String(token))?.rowId ?? "");
  const kinds = fc.constantFrom<TokenKind>("access", "refresh", "code", "secret");
  const property = fc.asyncProperty(
    kinds,
    fc.constantFrom(...rows),
    fc.integer({ min: -2, max: 2 }),
    fc.uint8Array({ minLength: 256, maxLength: 256 }),
    async (kind, row, step, random) => {
      const bytes = random.map((byte) => byte % 248);
      const forged = formatToken(kind, String(BigInt(row) + BigInt(step)), bytes);
      assert.equal(await isLive(forged), false);
      const form = { grant_type: "refresh_token", refresh_token: forged };
      assert.equal((await server.form("/oauth2/token", form, client)).json.error, "invalid_grant");
    },
  );
  await fc.assert(property, { seed, numRuns: rounds(60, 5000) });
  assert.equal(await isLive(String(access_token)), true);
});

test("RT-10 the secret part of tokens is 256 random bits: all letters alike at every place, none twice", async () => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const count = rounds(600, 20_000);
  const secrets: string[] = [];
  while (secrets.length < count) {
    const batch = await Promise.all(Array.from({ length: 100 }, () => server.clientToken(client)));
    secrets.push(...batch.map((token) => token.slice(15, 58)));
  }
  assert.equal(new Set(secrets).size, secrets.length);
  const seen = new Map<string, number>();
  for (const letter of secrets.join("")) seen.set(letter, (seen.get(letter) ?? 0) + 1);
  assert.equal(seen.size, 62);
  const expected = (secrets.length * 43) / 62;
  const chiSquare = [...seen.values()].reduce((sum, times) => sum + (times - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 160, `chi-square ${chiSquare} of 61 degrees of freedom: chance below 1e-9`);
});
