// THREATS.md section 5 on the issuer's side: forged, confused and malformed JWTs at every place that takes a token.
// Assertions of clients are in client-authentication.test.ts, re-encodings in token-text.test.ts.

import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { encoded, type ServerKey, serverKeys, signedBy } from "./server-keys.ts";

const server = await startTestServer();
after(() => server.close());

const client = await server.registerClient({ scope: "rescind:admin rescind:feed rescind:introspect" });
const genuine = await server.clientToken(client);
const [headerPart = "", payloadPart = "", signaturePart = ""] = genuine.split(".");
const header = JSON.parse(Buffer.from(headerPart, "base64url").toString());
const payload = JSON.parse(Buffer.from(payloadPart, "base64url").toString());
const keyOf = (use: string): ServerKey =>
  serverKeys(server.data).find((key) => key.use === use) ?? assert.fail();
const accessKey = keyOf("access");
const attacker = generateKeyPairSync("ec", { namedCurve: "P-256" });
const attackerKey = { alg: "ES256", privateKey: attacker.privateKey };

/** The text opens nothing, is told of nowhere, and revoking it does not touch the genuine token whose claims it has. */
async function assertRefused(token: string, what: string): Promise<void> {
  const used = await server.request("/admin/v1/settings", { headers: { authorization: `Bearer ${token}` } });
  assert.ok([401, 431].includes(used.status), `${what} as Bearer: ${used.status}`);
  const asked = await server.form("/oauth2/introspect", { token }, client);
  assert.equal(asked.text, '{"active":false}', `${what} introspected`);
  const revoked = await server.form("/oauth2/revoke", { token }, client);
  assert.equal(revoked.status, 200, `${what} revoked`);
  assert.equal(await isGenuineLive(), true, `${what} revoked the genuine token`);
}

async function isGenuineLive(): Promise<boolean> {
  return (await server.introspect(genuine)).active === true;
}

test("the forgeries below differ from a good token in one thing: signed with the server's own key it is good", async () => {
  const good = signedBy(accessKey, header, { ...payload, jti: "tid_1" });
  const used = await server.request("/admin/v1/settings", { headers: { authorization: `Bearer ${good}` } });
  assert.equal(used.status, 200);
});

test("JW-01 no alg none, however it is written", async () => {
  for (const alg of ["none", "None", "NONE", "nOnE", "none ", "", null, undefined, false, ["none"]])
    for (const signature of ["", signaturePart, "AA"])
      await assertRefused(
        `${encoded({ ...header, alg })}.${payloadPart}.${signature}`,
        `alg ${alg} ${signature}`,
      );
  await assertRefused(`${encoded({ ...header, alg: "none" })}.${payloadPart}`, "two parts");
});

test("JW-02 no public key works as a shared secret, in whatever form", async () => {
  const { json } = await server.request("/oauth2/jwks");
  for (const jwk of json.keys as { kid: string }[]) {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const pem = key.export({ type: "spki", format: "pem" }).toString();
    const der = key.export({ type: "spki", format: "der" });
    const forms = [pem, pem.trim(), ` ${pem}`, pem.replaceAll("\n", "\r\n"), der, JSON.stringify(jwk), ""];
    for (const secret of forms)
      for (const [alg, hash] of [
        ["HS256", "sha256"],
        ["HS512", "sha512"],
      ] as const) {
        const input = `${encoded({ ...header, alg, kid: jwk.kid })}.${payloadPart}`;
        const mac = createHmac(hash, secret).update(input).digest("base64url");
        await assertRefused(`${input}.${mac}`, `${alg} with ${jwk.kid}`);
      }
  }
});

test("JW-02 the algorithm is the key's: a header that names another is refused, though the signature be good", async () => {
  for (const alg of ["ES384", "ES256K", "es256", "ES256 ", "RS256", "PS256", "EdDSA", "Ed25519", "HS256"]) {
    await assertRefused(signedBy(accessKey, { ...header, alg }, payload), alg);
    await assertRefused(signedBy(attackerKey, { ...header, alg }, payload), alg);
  }
});

test("JW-03 key material in the header is never used, and nothing is fetched for it", async () => {
  let hits = 0;
  const canary = createServer((_request, response) => {
    hits += 1;
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  const address = canary.address();
  assert.ok(typeof address === "object" && address !== null);
  const url = `http://127.0.0.1:${address.port}/jwks`;
  const jwk = { ...attacker.publicKey.export({ format: "jwk" }), kid: "mine", alg: "ES256", use: "sig" };
  for (const kid of ["mine", header.kid, undefined])
    for (const more of [{ jwk }, { jku: url }, { x5u: url }, { x5c: ["MIIB"] }, { jwk, jku: url, x5t: "AA" }])
      await assertRefused(
        signedBy(attackerKey, { ...header, kid, ...more }, payload),
        Object.keys(more).join(),
      );
  canary.close();
  assert.equal(hits, 0);
});

test("JW-04 kid is a name in a map and nothing else", async () => {
  const others = serverKeys(server.data).map(({ kid }) => kid);
  for (const kid of [
    ...others.filter((kid) => kid !== header.kid),
    "../../../../dev/null",
    "/etc/passwd",
    "' OR '1'='1",
    "x' UNION SELECT 1 --",
    "__proto__",
    "constructor",
    "toString",
    "access",
    "",
    `${header.kid}\u0000`,
    ` ${header.kid}`,
    null,
    0,
    [header.kid],
    { toString: header.kid },
    undefined,
  ])
    for (const key of [accessKey, attackerKey])
      await assertRefused(signedBy(key, { ...header, kid }, payload), `kid ${JSON.stringify(kid)}`);
});

test("JW-05 crit and b64 are refused, whatever they name", async () => {
  for (const more of [
    { crit: ["exp"], exp: 1 },
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { b64: false },
    { crit: [] },
    { crit: "exp" },
    { crit: null },
  ])
    await assertRefused(signedBy(accessKey, { ...header, ...more }, payload), JSON.stringify(more));
});

test("JW-06 what is too long, too deep, compressed or encrypted is refused quickly", async () => {
  const deep = `${"[".repeat(3000)}${"]".repeat(3000)}`;
  const began = Date.now();
  for (const token of [
    signedBy(accessKey, { ...header, pad: "x".repeat(8000) }, payload),
    signedBy(accessKey, header, { ...payload, pad: "x".repeat(8000) }),
    signedBy(accessKey, header, `{"a":${deep}}`),
    signedBy(attackerKey, `{"alg":"ES256","a":${deep}}`, payload),
    signedBy(accessKey, { ...header, zip: "DEF", enc: "A256GCM", alg: "dir" }, payload),
    `${encoded({ alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2 ** 31, p2s: "AA" })}.AA.AA.AA.AA`,
    `${encoded({ alg: "dir", enc: "A128GCM", zip: "DEF" })}..AA.AA.AA`,
    ".".repeat(8000),
    "a".repeat(60_000),
    `${"A".repeat(20_000)}.${"A".repeat(20_000)}.${"A".repeat(20_000)}`,
  ])
    await assertRefused(token, token.slice(0, 40));
  assert.ok(Date.now() - began < 10_000);
});

test("JW-07 typ and every required claim must be there, and of its type, though the server's own key has signed", async () => {
  for (const typ of [
    undefined,
    "",
    "jwt",
    "at+JWT ",
    "application/at+jwt ",
    "id_token",
    "token-introspection+jwt",
    1,
  ])
    await assertRefused(signedBy(accessKey, { ...header, typ }, payload), `typ ${typ}`);
  const absent = [undefined, null, true, [], {}, ""];
  for (const claim of ["iss", "aud", "jti", "sub", "client_id"])
    for (const value of [...absent, -1, 1e9])
      await assertRefused(
        signedBy(accessKey, header, { ...payload, [claim]: value }),
        `${claim} ${JSON.stringify(value)}`,
      );
  for (const claim of ["exp", "iat", "rev"])
    for (const value of [...absent, "1e9", String(payload.exp), [payload.exp]])
      await assertRefused(
        signedBy(accessKey, header, { ...payload, [claim]: value }),
        `${claim} ${JSON.stringify(value)}`,
      );
  for (const exp of [-1, 0, payload.iat - 1, 1e300])
    await assertRefused(signedBy(accessKey, header, { ...payload, exp }), `exp ${exp}`);
  for (const jti of ["tid_", "tid_0", "tid_01", "tid_x", "gnt_1", `tid_${2n ** 63n}`])
    await assertRefused(signedBy(accessKey, header, { ...payload, jti }), `jti ${jti}`);
  for (const iss of ["https://evil.example", `${server.issuer}/`, server.issuer.toUpperCase()])
    await assertRefused(signedBy(accessKey, header, { ...payload, iss }), `iss ${iss}`);
});

test("JW-08 no psychic signature: zeros, the curve's order, DER, parts", async () => {
  const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const zero = "0".repeat(64);
  const one = `${"0".repeat(63)}1`;
  const genuineBytes = Buffer.from(signaturePart, "base64url");
  const der = Buffer.from([0x30, 6, 2, 1, 0, 2, 1, 0]);
  const hexes = [zero + zero, order + order, zero + one, one + zero, order + zero, one + one, "", "00", zero];
  const signatures = hexes.map((hex) => Buffer.from(hex, "hex"));
  for (const bytes of [
    ...signatures,
    der,
    genuineBytes.subarray(1),
    Buffer.concat([genuineBytes, Buffer.alloc(1)]),
  ])
    await assertRefused(`${headerPart}.${payloadPart}.${bytes.toString("base64url")}`, bytes.toString("hex"));
});

test("JW-12 the keys of the feed and of ID tokens sign no access token", async () => {
  for (const use of ["feed", "id"]) {
    const key = keyOf(use);
    for (const kid of [key.kid, header.kid])
      await assertRefused(signedBy(key, { ...header, kid, alg: key.alg }, payload), `${use} ${kid}`);
  }
});

test("JW-14 whatever is written twice, escaped or no JSON: forged parts are refused, and nobody becomes another", async () => {
  const text = JSON.stringify(payload);
  for (const written of [
    `${text} x`,
    `[${text}]`,
    `"${payload.sub}"`,
    "null",
    "",
    `\ufeff${text}`,
    text.replace("{", "{,"),
    text.replaceAll('"', "'"),
    `${text}${text}`,
  ]) {
    await assertRefused(signedBy(accessKey, header, written), written.slice(0, 30));
    await assertRefused(signedBy(accessKey, written, payload), `header ${written.slice(0, 30)}`);
  }
  const notUtf8 = Buffer.concat([
    Buffer.from(`${text.slice(0, -1)},"x":"`),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]);
  const input = `${headerPart}.${notUtf8.toString("base64url")}`;
  await assertRefused(`${input}.${signaturePart}`, "not UTF-8");
});

test("JW-14 a client's assertion with members written twice or escaped is its own or nobody's", async () => {
  const publicJwk = { ...attacker.publicKey.export({ format: "jwk" }), kid: "mine" };
  const victimKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const register = (jwk: object) =>
    server.registerClient({ token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [jwk] } });
  const [evil, victim] = [await register(publicJwk), await register({ ...victimKey, kid: "mine" })];
  const [e, v] = [evil.client_id, victim.client_id].map((id) => JSON.stringify(id));
  const escaped = `"${[...victim.client_id].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
  const rest = () =>
    `"aud":${JSON.stringify(server.issuer)},"exp":${Math.floor(Date.now() / 1000) + 60},"jti":"${crypto.randomUUID()}"`;
  let own = 0;
  for (const claims of [
    `"iss":${e},"sub":${e}`,
    `"iss":${v},"sub":${v}`,
    `"iss":${v},"sub":${v},"iss":${e},"sub":${e}`,
    `"iss":${e},"sub":${e},"iss":${v},"sub":${v}`,
    `"iss":${e},"sub":${v},"sub":${e}`,
    `"iss":${e},"sub":${e},"sub":${v}`,
    `"iss":${e},"sub":${e},"\\u0073ub":${v}`,
    `"iss":${e},"sub":${e},"sub":${escaped}`,
    `"iss":${escaped},"sub":${escaped}`,
    `"iss":${e},"sub":${e},"__proto__":{"sub":${v}}`,
  ])
    for (const client_id of [undefined, evil.client_id, victim.client_id]) {
      const form = {
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: signedBy(attackerKey, { alg: "ES256", kid: "mine" }, `{${claims},${rest()}}`),
        ...(client_id === undefined ? {} : { client_id }),
      };
      const { status, json } = await server.form("/oauth2/token", form);
      if (status !== 200) continue;
      own += 1;
      assert.equal((await server.introspect(String(json.access_token))).client_id, evil.client_id, claims);
    }
  assert.ok(own >= 2);
});

test("after all of this the genuine token lives, and its own revocation ends it", async () => {
  assert.equal(await isGenuineLive(), true);
  await server.form("/oauth2/revoke", { token: genuine }, client);
  assert.equal(await isGenuineLive(), false);
});
