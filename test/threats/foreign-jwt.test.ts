// What is tried with the JWTs of other issuers, and against the server that fetches their keys. THREATS.md sections 5 and
// 7 (JW-01 to JW-10, RV-12, WEB-01), for tokens that this server did not issue.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { after, test } from "node:test";
import { exportSPKI, importJWK, type JWK } from "jose";
import { IdentityProvider } from "../identity-provider.ts";
import { startTestServer, type TestServer } from "../running-server.ts";

const server = await startTestServer();
const strict = await startTestServer(["--issuer", "https://as.example"]);
const idp = await IdentityProvider.start("RS256", "ES256");
const [rsa, ec] = ["RS256-1", "ES256-2"];
await idp.registerAt(server);
after(() => Promise.all([server.close(), strict.close(), idp.close()]));

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = Math.floor(Date.now() / 1000);
const claims = { iss: idp.issuer, sub: "ann", iat: now, exp: now + 300, jti: "j" };

async function isBelieved(token: string, at: TestServer = server): Promise<boolean> {
  const members = await at.introspect(token);
  if (members.active !== true) assert.deepEqual(members, { active: false });
  return members.active === true;
}

async function assertRefused(tokens: Readonly<Record<string, string>>): Promise<void> {
  for (const [what, token] of Object.entries(tokens)) assert.equal(await isBelieved(token), false, what);
}

test("JW-01 JW-02 the algorithm is the key's: none, HS, and another one of another key are refused", async () => {
  const good = await idp.sign(claims);
  assert.equal(await isBelieved(good), true);
  const publicKeys = await fetch(idp.jwksUri).then((answer) => answer.json() as Promise<{ keys: JWK[] }>);
  const jwk = publicKeys.keys.find(({ kid }) => kid === rsa) ?? assert.fail();
  const imported = await importJWK(jwk, "RS256", { extractable: true });
  assert.ok(!(imported instanceof Uint8Array));
  const pem = await exportSPKI(imported);
  const forged: Record<string, string> = {};
  for (const alg of ["none", "None", "NONE", "", undefined])
    for (const signature of ["", "AA"])
      forged[`${alg} ${signature}`] =
        `${encoded({ alg, typ: "JWT", kid: rsa })}.${encoded(claims)}.${signature}`;
  for (const secret of [pem, ` ${pem}`, pem.trim(), jwk.n ?? ""])
    for (const kid of [rsa, ec, undefined]) {
      const input = `${encoded({ alg: "HS256", typ: "JWT", kid })}.${encoded(claims)}`;
      forged[`HS256 ${kid} ${secret.length}`] =
        `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    }
  const [, payload = "", signature = ""] = good.split(".");
  for (const alg of ["ES384", "RS256", "PS256", "EdDSA", "es256"])
    forged[alg] = `${encoded({ alg, typ: "JWT", kid: ec })}.${payload}.${signature}`;
  await assertRefused(forged);
});

test("JW-03 JW-04 JW-05 keys in the header, odd kids, crit and other kinds of token are refused", async () => {
  const odd = (header: Record<string, unknown>) => idp.sign(claims, { header });
  await assertRefused({
    jwk: await odd({ jwk: { kty: "EC", crv: "P-256", x: "AA", y: "AA" } }),
    jku: await odd({ jku: idp.jwksUri }),
    x5u: await odd({ x5u: "https://x.example" }),
    x5c: await odd({ x5c: ["AA"] }),
    b64: await odd({ b64: true }),
    "no such kid": await odd({ kid: "nobody" }),
    __proto__: await odd({ kid: "__proto__" }),
    constructor: await odd({ kid: "constructor" }),
    path: await odd({ kid: "../../../dev/null" }),
    "the other key's kid": await odd({ kid: rsa }),
    "a logout token": await odd({ typ: "logout+jwt" }),
    "an introspection answer": await odd({ typ: "token-introspection+jwt" }),
    "a lease": await odd({ typ: "rescind-lease+jwt" }),
    crit: `${encoded({ alg: "ES256", kid: ec, typ: "JWT", crit: ["x"], x: 1 })}.${encoded(claims)}.AAAA`,
  });
  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "jwt", undefined])
    assert.equal(await isBelieved(await odd({ typ })), true, String(typ));
});

test("JW-07 RV-12 a claim that is malformed hides no unit: the token is refused", async () => {
  const refused: Record<string, string> = {};
  for (const [name, values] of Object.entries({
    exp: [undefined, null, "soon", now - 1],
    iat: [null, "yesterday", now + 60],
    nbf: ["now", now + 60],
    sub: [1, "", { a: 1 }, "a\u0000b"],
    jti: [1, "", ["j"], "a\u0000b"],
    iss: [undefined, 7, "https://unknown.example", `${idp.issuer}/`, [idp.issuer]],
  }))
    for (const value of values) refused[`${name} ${value}`] = await idp.sign({ ...claims, [name]: value });
  await assertRefused(refused);
});

test("JW-06 JW-08 RV-12 other spellings of a token, longer ones, cut ones and the zero signature are refused", async () => {
  const good = await idp.sign(claims);
  const [header = "", payload = "", signature = ""] = good.split(".");
  const spareBit = signature.slice(0, -1) + (signature.endsWith("A") ? "B" : "A");
  await assertRefused({
    "one more letter": `${good}A`,
    padded: `${good}=`,
    "spare bits": `${header}.${payload}.${spareBit}`,
    "no signature": `${header}.${payload}.`,
    "two parts": `${header}.${payload}`,
    "five parts": `${good}.${header}.${payload}`,
    zeros: `${header}.${payload}.${Buffer.alloc(64).toString("base64url")}`,
    "too long": await idp.sign({ ...claims, more: "x".repeat(8000) }),
  });
});

test("a token that claims a longer life than its issuer's is not believed, nor is one of a replaced limit", async () => {
  const issuer = await IdentityProvider.start();
  after(() => issuer.close());
  await issuer.registerAt(server, { max_token_ttl: 600 });
  const living = (seconds: number) => issuer.sign({ iat: now, exp: Math.floor(Date.now() / 1000) + seconds });
  const [short, long] = [await living(600), await living(900)];
  assert.deepEqual([await isBelieved(short), await isBelieved(long)], [true, false]);
  await issuer.registerAt(server, { max_token_ttl: 900 });
  assert.equal(await isBelieved(long), true);
  await issuer.registerAt(server, { max_token_ttl: 60 });
  assert.deepEqual([await isBelieved(short), await isBelieved(long)], [false, false]);
});

test("RV-21 one that was made for a longer life is not believed when little of it is left either", async () => {
  const issuer = await IdentityProvider.start();
  after(() => issuer.close());
  await issuer.registerAt(server, { max_token_ttl: 600 });
  const made = now - 5000;
  const exp = now + 300;
  assert.equal(await isBelieved(await issuer.sign({ iat: made, exp })), false);
  assert.equal(await isBelieved(await issuer.sign({ iat: undefined, nbf: made, exp })), false);
  assert.equal(await isBelieved(await issuer.sign({ iat: now - 200, exp })), true);
});

test("keys that are weak, secret, or for something else verify nothing", async () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const cases: Record<string, (jwk: JWK) => JWK> = {
    "for encryption": (jwk) => ({ ...jwk, use: "enc" }),
    "not to verify": ({ use: _, ...jwk }) => ({ ...jwk, key_ops: ["sign"] }),
    "of another algorithm": (jwk) => ({ ...jwk, alg: "ES384" }),
    symmetric: ({ kid = "" }) => ({ kty: "oct", k: "AAAA", kid }),
    "of no curve": (jwk) => ({ ...jwk, crv: "P-999" }),
    "not on the curve": (jwk) => ({ ...jwk, x: jwk.y ?? "" }),
  };
  for (const [what, spoiled] of Object.entries(cases)) {
    const issuer = await IdentityProvider.start();
    after(() => issuer.close());
    const { jwk, kid } = await issuer.hiddenKey("ES256");
    const token = await issuer.sign({}, { kid });
    issuer.publish(spoiled(jwk));
    await issuer.registerAt(server);
    assert.equal(await isBelieved(token), false, what);
  }
  const issuer = await IdentityProvider.start();
  after(() => issuer.close());
  issuer.publish({ ...weak.publicKey.export({ format: "jwk" }), kid: "weak" } as JWK); // as node writes it
  await issuer.registerAt(server);
  const input = `${encoded({ alg: "RS256", kid: "weak" })}.${encoded({ ...claims, iss: issuer.issuer })}`;
  const signature = sign("sha256", Buffer.from(input), weak.privateKey).toString("base64url");
  assert.equal(await isBelieved(`${input}.${signature}`), false);
});

test("RSA keys without alg verify their family, and no key of fewer than 2048 bits is taken", async () => {
  const issuer = await IdentityProvider.start("RS256");
  after(() => issuer.close());
  const { jwk, kid } = await issuer.hiddenKey("PS384");
  const { alg: _, ...bare } = jwk;
  issuer.publish(bare);
  await issuer.registerAt(server);
  assert.equal(await isBelieved(await issuer.sign({}, { kid })), true);
  for (const alg of ["ES384", "ES512", "RS512", "PS512"]) {
    const one = await IdentityProvider.start(alg);
    after(() => one.close());
    await one.registerAt(server);
    assert.equal(await isBelieved(await one.sign()), true, alg);
  }
});

test("JW-10 a key that the issuer adds is found; made-up kids ask the issuer once in ten seconds", async () => {
  const issuer = await IdentityProvider.start();
  after(() => issuer.close());
  await issuer.registerAt(server);
  assert.equal(await isBelieved(await issuer.sign()), true);
  assert.equal(issuer.asked, 1);
  await issuer.addKey("RS256");
  assert.equal(await isBelieved(await issuer.sign()), true, "its new key is asked for");
  assert.equal(issuer.asked, 2);
  const floods = Array.from({ length: 64 }, (_, index) =>
    issuer.sign({}, { header: { kid: `made-up-${index}` } }),
  );
  const believed = await Promise.all(floods.map(async (token) => isBelieved(await token)));
  assert.ok(!believed.includes(true));
  assert.ok(issuer.asked <= 3, `${issuer.asked} askings`);
});

test("an issuer that is down costs nothing: its known keys go on, and unknown tokens are not believed", async () => {
  const issuer = await IdentityProvider.start();
  after(() => issuer.close());
  await issuer.registerAt(server);
  assert.equal(await isBelieved(await issuer.sign()), true);
  issuer.down = true;
  assert.equal(await isBelieved(await issuer.sign()), true, "remembered");
  const ordered = await server.admin("POST", "/admin/v1/revocations", {
    select: { issuer: issuer.issuer, jti: "while down" },
  });
  assert.equal(ordered.status, 201, "ordering needs no key of theirs");
  const unknown = await IdentityProvider.start();
  after(() => unknown.close());
  await unknown.registerAt(server);
  unknown.down = true;
  const token = await unknown.sign();
  assert.equal(await isBelieved(token), false, "nothing is known of its keys");
  const refused = await server.admin("POST", "/admin/v1/revocations", { select: { token } });
  assert.equal(refused.status, 404);
  assert.match(refused.text, /select its issuer and jti instead/);
});

/** An issuer whose JWK set is answered by `handle`. */
async function keysFrom(handle: RequestListener): Promise<{ issuer: IdentityProvider; hits: () => number }> {
  const issuer = await IdentityProvider.start();
  let hits = 0;
  const http = createServer((request, response) => {
    hits += 1;
    handle(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  after(async () => {
    http.closeAllConnections();
    http.close();
    await issuer.close();
  });
  const address = http.address();
  assert.ok(typeof address === "object" && address !== null);
  await issuer.registerAt(server, { jwks_uri: `http://127.0.0.1:${address.port}/jwks` });
  return { issuer, hits: () => hits };
}

test("WEB-01 no redirect is followed to keys, whatever its status", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { issuer, hits } = await keysFrom((_request, response) =>
      response.writeHead(status, { location: issuer.jwksUri }).end(),
    );
    assert.equal(await isBelieved(await issuer.sign()), false);
    assert.deepEqual([hits(), issuer.asked], [1, 0]);
  }
});

test("WEB-01 keys that are no JSON, no key set, too large, cut or slow are no keys, and no defect", async () => {
  const handlers: Record<string, RequestListener> = {
    error: (_request, response) => response.writeHead(500).end(),
    "no JSON": (_request, response) => response.end("<html>"),
    "no key set": (_request, response) => response.end('{"keys":"one"}'),
    "odd keys": (_request, response) => response.end('{"keys":[null,1,[],{"kty":{}},{"kty":"EC","crv":[]}]}'),
    null: (_request, response) => response.end("null"),
    "too large": (_request, response) => response.end(`{"keys":[],"x":"${"x".repeat(300_000)}"}`),
    "without end": (_request, response) => {
      const timer = setInterval(() => response.write("x".repeat(100_000)), 1);
      response.on("close", () => clearInterval(timer));
    },
    cut: (request) => request.socket.destroy(),
    "too slow": () => undefined,
  };
  await Promise.all(
    Object.entries(handlers).map(async ([what, handle]) => {
      const { issuer } = await keysFrom(handle);
      assert.equal(await isBelieved(await issuer.sign()), false, what);
    }),
  );
});

test("WEB-01 with an https issuer no private address is registered or connected to: the canary sees nothing", async () => {
  let connections = 0;
  const canary = createTcpServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  after(() => canary.close());
  const address = canary.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  const body = (jwks_uri: string, issuer = "https://idp.example") => ({ issuer, jwks_uri });
  for (const host of ["127.0.0.1", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"]) {
    for (const wrong of [body(`https://${host}:${port}/`), body("https://x.example", `https://${host}`)]) {
      const answer = await strict.admin("POST", "/admin/v1/issuers", wrong);
      assert.equal(answer.status, 400, JSON.stringify(wrong));
    }
  }
  for (const uri of ["http://idp.example/jwks", "https://u:p@idp.example/"])
    assert.equal((await strict.admin("POST", "/admin/v1/issuers", body(uri))).status, 400, uri);
  const inward = body(`https://localhost:${port}/jwks`);
  assert.equal((await strict.admin("POST", "/admin/v1/issuers", inward)).status, 201);
  const token = await idp.sign({ iss: inward.issuer });
  assert.equal(await isBelieved(token, strict), false);
  assert.equal(connections, 0);
});
