// The snapshot of the log by docs/reference/feed.md: what stands at a position, signed, with an ETag; and a verifier that
// begins with it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { emptyRecord, parseSnapshot, recordEntry } from "@rescind/core";
import { createVerifier, TokenRejected } from "@rescind/verifier";
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from "jose";
import { startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const server = await startTestServer();
after(() => server.close());
const reader = await server.tokenWithScope("rescind:feed");
const client = await server.registerClient();

async function snapshot(headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.base}/revocations/snapshot`, {
    headers: { authorization: `Bearer ${reader}`, ...headers },
  });
}

async function revoke(): Promise<number> {
  const token = await server.clientToken(client);
  const { headers } = await server.form("/oauth2/revoke", { token }, client);
  return Number(headers.get("rescind-seq"));
}

async function parsed(response: Response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const found = parseSnapshot(bytes, server.issuer);
  assert.ok(found !== undefined);
  const record = emptyRecord();
  const entries = Array.from({ length: found.count }, (_, i) =>
    found.read(i, record) ? recordEntry(record) : undefined,
  );
  return { ...found, entries };
}

test("it holds what stands at its position, by number, and is signed by the feed's key", async () => {
  const first = await revoke();
  const { json: order } = await server.admin("POST", "/admin/v1/revocations", {
    select: { client_id: client.client_id },
    before: "2020-01-01T00:00:00Z",
  });
  const suspended = await server.registerClient();
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`, {});
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/approve`, {});
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`, {});
  const response = await snapshot();
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/vnd.rescind.snapshot");
  assert.equal(response.headers.get("content-encoding"), "gzip");
  const { position, entries, digested, digest, signature } = await parsed(response);
  const page = await server.request("/revocations", { headers: { authorization: `Bearer ${reader}` } });
  assert.deepEqual([position.seq, position.hash], [page.json.head, page.json.hash]);
  assert.equal(response.headers.get("etag"), `W/"${position.seq}.${position.hash}"`);
  const wire = page.json.entries as { seq: number; kind: string; lifts?: number }[]; // the contract's page
  const lifted = wire.map((entry) => entry.lifts);
  const standing = wire.filter((entry) => entry.kind === "revoke" && !lifted.includes(entry.seq));
  assert.equal(JSON.stringify(entries), JSON.stringify(standing));
  assert.equal(entries[0]?.seq, first);
  assert.ok(entries.some((entry) => entry?.seq === order.seq && entry?.before === 1_577_836_800));
  assert.equal(entries.at(-1)?.suspend, true);
  assert.equal(createHash("sha256").update(digested).digest("base64url"), digest);
  const { json: jwks } = await server.request("/revocations/jwks");
  const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet); // the key set as it is served
  const { payload, protectedHeader } = await compactVerify(signature, keys);
  assert.equal(protectedHeader.typ, "rescind-snapshot+jwt");
  const { seq, hash } = position;
  assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), { iss: server.issuer, seq, hash, digest });
});

test("whoever has it already is told so, and gets it plain where gzip is not understood", async () => {
  const first = await snapshot();
  const etag = first.headers.get("etag") ?? "";
  await first.arrayBuffer();
  for (const tags of [etag, etag.replace("W/", ""), `"other", ${etag}`, "*"]) {
    const again = await snapshot({ "if-none-match": tags });
    assert.equal(again.status, 304, tags);
    assert.equal((await again.arrayBuffer()).byteLength, 0);
    assert.equal(again.headers.get("etag"), etag);
  }
  assert.equal((await snapshot({ "if-none-match": '"other"' })).status, 200);
  for (const coding of ["identity", "gzip;q=0", "br"]) {
    const plain = await snapshot({ "accept-encoding": coding });
    assert.equal(plain.headers.get("content-encoding"), null, coding);
    await parsed(plain);
  }
  const zipped = await fetch(`${server.base}/revocations/snapshot`, {
    headers: { authorization: `Bearer ${reader}`, "accept-encoding": "br, gzip;q=0.5" },
  });
  assert.equal(zipped.headers.get("content-encoding"), "gzip");
});

test("it wants a Bearer token with rescind:feed", async () => {
  assert.equal((await server.request("/revocations/snapshot")).status, 401);
  const authorization = `Bearer ${await server.tokenWithScope("rescind:read")}`;
  assert.equal((await server.request("/revocations/snapshot", { headers: { authorization } })).status, 403);
});

test("what is revoked later than the snapshot was made follows it without a gap", async () => {
  const { position } = await parsed(await snapshot());
  const seq = await revoke();
  const older = await parsed(await snapshot());
  assert.ok(older.position.seq === position.seq || older.position.seq === seq);
  const { status, json } = await server.request(
    `/revocations?after=${older.position.seq}.${older.position.hash}`,
    { headers: { authorization: `Bearer ${reader}` } },
  );
  assert.equal(status, 200);
  assert.equal(json.head, seq);
});

test("a verifier begins with the snapshot, without a page, and goes on from there", async () => {
  const api = await server.registerClient({
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect read",
    audience: ["https://api.example"],
  });
  const token = await server.clientToken(api, { scope: "read" });
  await server.form("/oauth2/revoke", { token }, api);
  const asked: string[] = [];
  const verifier = await createVerifier({
    issuer: server.issuer,
    audience: "https://api.example",
    clientId: api.client_id,
    clientSecret: api.client_secret,
    fetch: (input, init) => {
      asked.push(String(input));
      return fetch(input, init);
    },
  });
  after(() => verifier.close());
  assert.equal(asked.filter((url) => url.endsWith("/revocations/snapshot")).length, 1);
  assert.equal(asked.filter((url) => url.includes("?limit=")).length, 0);
  assert.ok(verifier.status().entries > 0);
  const isRevoked = (text: string) =>
    verifier.verify(text).then(
      () => false,
      (cause: unknown) => cause instanceof TokenRejected && cause.code === "revoked",
    );
  assert.equal(await isRevoked(token), true, "of the snapshot");
  const other = await server.clientToken(api, { scope: "read" });
  assert.equal(await isRevoked(other), false);
  await server.form("/oauth2/revoke", { token: other }, api);
  await until(() => isRevoked(other));
});
