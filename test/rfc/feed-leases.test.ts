// Acknowledgements and leases: POST /revocations/acks. CONTRACT.md section 6; signatures checked by `jose`.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const reader = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
const authorization = `Bearer ${await server.clientToken(reader)}`;
const client = await server.registerClient();

async function acknowledge(body: object, token = authorization): Promise<Answered> {
  return server.request("/revocations/acks", {
    method: "POST",
    headers: { authorization: token, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function position(): Promise<{ seq: number; hash: string }> {
  const { json } = await server.request("/revocations?limit=10000", { headers: { authorization } });
  return { seq: Number(json.head), hash: String(json.hash) };
}

async function revokeOne(): Promise<number> {
  const token = await server.clientToken(client);
  const { headers } = await server.form("/oauth2/revoke", { token }, client);
  return Number(headers.get("rescind-seq"));
}

const ask = { verifier: "orders-1", max_staleness: 5, nonce: "nonce-nonce" };

test("a lease names the head, carries the nonce and is signed by the feed's own key", async () => {
  await revokeOne();
  const applied = await position();
  const sentAt = Date.now();
  const { status, headers, json } = await acknowledge({ ...ask, applied });
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  const { signed, ...lease } = json;
  assert.equal(lease.nonce, ask.nonce);
  assert.deepEqual([lease.head, lease.hash], [applied.seq, applied.hash]);
  assert.ok(Number(lease.issued_at) >= sentAt - 1 && Number(lease.issued_at) <= Date.now(), "milliseconds");
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/revocations/jwks`));
  const options = { issuer: server.issuer, typ: "rescind-lease+jwt", algorithms: ["EdDSA", "Ed25519"] };
  const { payload } = await jwtVerify(String(signed), keys, options);
  assert.deepEqual(payload, { iss: server.issuer, ...lease });
  const ofAccess = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));
  await assert.rejects(jwtVerify(String(signed), ofAccess), /no applicable key/);
});

test("a reader may be behind: the lease names the head all the same", async () => {
  const behind = await position();
  const seq = await revokeOne();
  const { status, json } = await acknowledge({ ...ask, applied: behind });
  assert.equal(status, 200);
  assert.equal(json.head, seq);
  const origin = { seq: 0, hash: "A".repeat(43) };
  assert.equal(
    (await acknowledge({ ...ask, applied: origin })).status,
    200,
    "an empty log is a prefix of any",
  );
});

test("D2: what was answered before a lease was asked for is at or below its head", async () => {
  const applied = await position();
  for (let i = 0; i < 25; i++) {
    const [, seq] = await Promise.all([revokeOne(), revokeOne()]);
    const { json } = await acknowledge({ ...ask, applied });
    assert.ok(Number(json.head) >= seq);
  }
});

test("a position whose hash is wrong, or beyond the head, is 409 resync and gives no lease", async () => {
  const { seq, hash } = await position();
  const wrong = `${hash.startsWith("B") ? "C" : "B"}${hash.slice(1)}`;
  for (const applied of [
    { seq, hash: wrong },
    { seq: seq - 1, hash },
    { seq: seq + 1, hash },
    { seq: 0, hash },
    { seq: Number.MAX_SAFE_INTEGER, hash },
  ]) {
    const { status, headers, json } = await acknowledge({ ...ask, applied });
    assert.equal(status, 409, JSON.stringify(applied));
    assert.equal(headers.get("content-type"), "application/problem+json");
    assert.equal(json.code, "resync");
    assert.equal("signed" in json, false);
  }
});

test("the acknowledging verifier is on the administrators' list, with what it applied and counted", async () => {
  const applied = await position();
  const counts = { checks: 12, refusals: 3, revoked_uses: 1 };
  const billed = { ...ask, verifier: "billing-1", name: "Billing", max_staleness: 300 };
  await acknowledge({ ...billed, applied, counts });
  const seq = await revokeOne();
  const { json } = await server.admin("GET", "/admin/v1/verifiers");
  const items = json.items as Record<string, unknown>[]; // the contract's VerifierItem
  const billing = items.find((item) => item.verifier === "billing-1");
  assert.ok(billing !== undefined);
  const { last_lease_at, ...rest } = billing;
  assert.ok(Math.abs(Date.parse(String(last_lease_at)) - Date.now()) < 60_000);
  assert.deepEqual(rest, {
    verifier: "billing-1",
    name: "Billing",
    client_id: reader.client_id,
    applied,
    lag: seq - applied.seq,
    fresh: true,
    max_staleness: 300,
    counts,
  });
});

test("bodies are checked: every missing, wrong or unknown member is named", async () => {
  const applied = await position();
  const good = { ...ask, applied };
  for (const [pointer, body] of [
    ["/verifier", { ...good, verifier: "" }],
    ["/verifier", { ...good, verifier: 1 }],
    ["/applied", { ...ask }],
    ["/applied/hash", { ...ask, applied: { seq: applied.seq } }],
    ["/applied/hash", { ...ask, applied: { ...applied, hash: "short" } }],
    ["/applied/seq", { ...ask, applied: { ...applied, seq: "1" } }],
    ["/applied/seq", { ...ask, applied: { ...applied, seq: -1 } }],
    ["/max_staleness", { ...good, max_staleness: 0 }],
    ["/max_staleness", { ...good, max_staleness: 301 }],
    ["/max_staleness", { ...good, max_staleness: "5" }],
    ["/nonce", { ...good, nonce: "" }],
    ["/nonce", { ...good, nonce: "x".repeat(129) }],
    ["/lease", { ...good, lease: 1 }],
    ["/counts/checks", { ...good, counts: { checks: -1 } }],
    ["/surplus", { ...good, surplus: true }],
  ] as const) {
    const { status, json } = await acknowledge(body);
    assert.equal(status, 400, pointer);
    const pointers = (json.errors as { pointer: string }[]).map((error) => error.pointer); // RFC 9457 extension
    assert.ok(pointers.includes(pointer), `${pointer}: ${pointers}`);
  }
});

test("acknowledging wants rescind:feed", async () => {
  const applied = await position();
  const other = `Bearer ${await server.tokenWithScope("rescind:admin")}`;
  assert.equal((await acknowledge({ ...ask, applied }, other)).status, 403);
  assert.equal((await acknowledge({ ...ask, applied }, "")).status, 401);
});
