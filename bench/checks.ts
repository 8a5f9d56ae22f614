// What a check of a token costs a resource server: checks per second of one core, of a token seen before and of new ones,
// beside the bare signature, with few and many standing entries. The issuer answers within this process, so that nothing
// but the verifier works. Run: node scripts/run.js bench/checks.ts [entries …]; by default 0, 1 and 10 million.

import { createHash, KeyObject, randomFillSync, randomUUID, verify } from "node:crypto";
import {
  fingerprintText,
  origin,
  snapshotEnd,
  snapshotHead,
  snapshotMediaType,
  snapshotRecordLength,
  writeSnapshotRecord,
} from "@rescind/core";
import { createVerifier } from "@rescind/verifier";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";

const issuer = "https://as.example";
const audience = "https://api.example";
/** Tokens that are new to the verifier: those it warms up with, and those that are measured. */
const warming = 3000;
const fresh = 4000;

const access = await generateKeyPair("ES256", { extractable: true });
const feed = await generateKeyPair("EdDSA", { extractable: true });
const accessJwk = { ...(await exportJWK(access.publicKey)), kid: "a", alg: "ES256", use: "sig" };
const feedJwk = { ...(await exportJWK(feed.publicKey)), kid: "f", alg: "EdDSA", use: "sig" };

async function token(): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: "usr_1", aud: audience, client_id: "shop", scope: "read", rev: 2 ** 40 };
  const jws = await new SignJWT({ ...claims, jti: randomUUID(), grant_id: randomUUID(), sid: "ses_1" })
    .setIssuedAt(now)
    .setExpirationTime(now + 3600)
    .setProtectedHeader({ alg: "ES256", kid: "a", typ: "at+jwt" })
    .sign(access.privateKey);
  // In one piece, as a header's value is.
  return Buffer.from(jws).toString("latin1");
}

function signedByFeed(payload: Record<string, unknown>, typ: string): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: "EdDSA", kid: "f", typ }).sign(feed.privateKey);
}

async function snapshotOf(count: number): Promise<Uint8Array<ArrayBuffer>> {
  const position = { seq: count, hash: origin.hash };
  const head = snapshotHead({ issuer, position, count });
  const records = new Uint8Array(count * snapshotRecordLength);
  const view = new DataView(records.buffer);
  const words = new Uint32Array(4);
  for (let seq = 1; seq <= count; seq++) {
    const entry = { seq, kind: "revoke", unit: "token", fp: fingerprintText(randomFillSync(words)) } as const;
    writeSnapshotRecord(view, (seq - 1) * snapshotRecordLength, entry);
  }
  const digest = createHash("sha256").update(head).update(records).digest();
  const payload = { iss: issuer, ...position, digest: digest.toString("base64url") };
  const end = snapshotEnd(digest, await signedByFeed(payload, "rescind-snapshot+jwt"));
  return new Uint8Array(Buffer.concat([head, records, end]));
}

/** An issuer that answers at once, within this process. */
function issuerOf(count: number, snapshot: Uint8Array<ArrayBuffer>): typeof fetch {
  const answers: Record<string, () => object> = {
    "/.well-known/openid-configuration": () => ({
      issuer,
      jwks_uri: `${issuer}/jwks`,
      token_endpoint: `${issuer}/token`,
      introspection_endpoint: `${issuer}/introspect`,
      rescind_revocations_endpoint: `${issuer}/revocations`,
      rescind_feed_jwks_uri: `${issuer}/feed-jwks`,
    }),
    "/jwks": () => ({ keys: [accessJwk] }),
    "/feed-jwks": () => ({ keys: [feedJwk] }),
    "/token": () => ({ access_token: "feed", expires_in: 3600 }),
    "/revocations/settings": () => ({
      version: 1,
      issuer,
      fingerprint_key: Buffer.alloc(32, 7).toString("base64url"),
      lease_interval: 1,
    }),
  };
  return async (input, init) => {
    const { pathname } = new URL(String(input));
    if (pathname === "/revocations/snapshot")
      return new Response(snapshot, { headers: { "content-type": snapshotMediaType } });
    if (pathname === "/revocations")
      return new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } });
    if (pathname !== "/revocations/acks") return Response.json(answers[pathname]?.() ?? {});
    const { nonce } = JSON.parse(String(init?.body)) as { nonce: string }; // the verifier's own request
    const lease = { iss: issuer, nonce, head: count, hash: origin.hash, issued_at: Date.now() };
    return Response.json({ ...lease, signed: await signedByFeed(lease, "rescind-lease+jwt") });
  };
}

/** How often a second of processor time, all threads together: what others do on the machine does not count. */
async function perSecond(times: number, work: (i: number) => Promise<unknown>): Promise<string> {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    await work(i);
    // The verifier's leases need their turn as well.
    if (i % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  return Math.round((times / (user + system)) * 1e6).toLocaleString("en");
}

async function importKey(): Promise<CryptoKey> {
  const key = await importJWK(accessJwk, "ES256");
  if (key instanceof Uint8Array) throw new Error("the key of a signature is no secret");
  return key;
}

/** The signature and nothing else, as fast as this runtime verifies it. */
function verifyBare(jws: string, key: KeyObject): void {
  const end = jws.lastIndexOf(".");
  const signature = Buffer.from(jws.slice(end + 1), "base64url");
  if (!verify("sha256", Buffer.from(jws.slice(0, end)), { key, dsaEncoding: "ieee-p1363" }, signature))
    throw new Error("a good signature was refused");
}

async function measure(count: number): Promise<readonly string[]> {
  const snapshot = await snapshotOf(count);
  const began = performance.now();
  const verifier = await createVerifier({
    issuer,
    audience,
    clientId: "bench",
    clientSecret: "bench",
    startTimeout: 120,
    fetch: issuerOf(count, snapshot),
  });
  const start = `${((performance.now() - began) / 1000).toFixed(2)} s`;
  const tokens = await Promise.all(Array.from({ length: warming + fresh }, token));
  const at = (i: number): string => tokens[i % tokens.length] ?? "";
  const key = KeyObject.from(await importKey());
  const bare = async (i: number) => verifyBare(at(i), key);
  await perSecond(warming, bare);
  await perSecond(warming, (i) => verifier.verify(at(i)));
  const signatures = await perSecond(fresh, bare);
  const unseen = await perSecond(fresh, (i) => verifier.verify(at(warming + i)));
  const [one = ""] = tokens;
  for (let i = 0; i < 50_000; i++) await verifier.verify(one);
  const seen = await perSecond(1_000_000, () => verifier.verify(one));
  await verifier.close();
  return [count.toLocaleString("en"), seen, unseen, signatures, start];
}

const sizes = process.argv.slice(2).map(Number);
console.log("| entries | seen before/s | new/s | bare signature/s | starts in |");
console.log("| --- | --- | --- | --- | --- |");
for (const count of sizes.length > 0 ? sizes : [0, 1_000_000, 10_000_000])
  console.log(`| ${(await measure(count)).join(" | ")} |`);
