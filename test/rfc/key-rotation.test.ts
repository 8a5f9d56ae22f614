// Signing keys are rotated under load without a refused token, and a compromised one is refused everywhere at once
// (THREATS JW-09, JW-10): at introspection, at a verifier that checks locally, and at relying parties with `jose`.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createVerifier, TokenRejected } from "@rescind/verifier";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { loadMasterKey } from "../../packages/server/src/keys/master-key.ts";
import { rotateSigningKeys } from "../../packages/server/src/keys/rotation.ts";
import { peopleOf } from "../people.ts";
import { startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

async function published(): Promise<unknown[]> {
  const { json } = await server.request("/oauth2/jwks");
  return (json.keys as { kid: unknown }[]).map(({ kid }) => kid); // RFC 7517
}

test("JW-10 POST /admin/v1/signing-keys/rotate publishes new keys now and goes on signing with the old ones", async () => {
  const admin = await startTestServer();
  try {
    const client = await admin.registerClient();
    const old = decodeProtectedHeader(await admin.clientToken(client)).kid;
    const rotated = await admin.admin("POST", "/admin/v1/signing-keys/rotate");
    assert.equal(rotated.status, 200, rotated.text);
    const { json } = await admin.request("/oauth2/jwks");
    assert.equal((json.keys as unknown[]).length, 6); // RFC 7517
    assert.equal(decodeProtectedHeader(await admin.clientToken(client)).kid, old);
    const items = rotated.json.items as { status: string; signs_from: string; retired_at?: string }[]; // the contract's list
    const waiting = items.filter(({ status }) => status === "waiting");
    assert.equal(waiting.length, 3);
    for (const { signs_from } of waiting) assert.ok(Date.parse(signs_from) - Date.now() > 290_000);
    await admin.admin("POST", "/admin/v1/signing-keys/rotate");
    assert.equal((await admin.admin("GET", "/admin/v1/signing-keys")).text.split('"waiting"').length - 1, 3);
  } finally {
    await admin.close();
  }
});

test("JW-09 JW-10 no token is refused while keys are rotated under load, and all are once the old key is revoked", async () => {
  const resource = "https://api.example";
  const client = await people.client({ audience: [resource] });
  const feed = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
  const verifier = await createVerifier({
    issuer: server.issuer,
    audience: resource,
    clientId: feed.client_id,
    clientSecret: feed.client_secret,
    maxStaleness: 60,
    onStale: "reject",
  });
  const relyingParty = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`), { cooldownDuration: 0 });
  const verdict = async (token: string): Promise<string> => {
    try {
      await verifier.verify(token);
      return "accepted";
    } catch (cause) {
      return cause instanceof TokenRejected ? cause.code : String(cause);
    }
  };
  const facts = { audience: [resource], scopes: ["openid", "read"] };
  const issued: { access: string; id: string; kid: string }[] = [];
  const issue = async (): Promise<void> => {
    const tokens = await people.tokens(client, await people.signIn(), facts);
    const [access, id] = [String(tokens.access_token), String(tokens.id_token)];
    issued.push({ access, id, kid: String(decodeProtectedHeader(access).kid) });
    assert.equal(await verdict(access), "accepted");
    assert.equal((await server.introspect(access)).active, true);
    await jwtVerify(id, relyingParty, { issuer: server.issuer, audience: client.client_id });
  };
  const kids = (): Set<string> => new Set(issued.map(({ kid }) => kid));
  try {
    await issue();
    const [old = ""] = kids();
    // A verifier fetches keys again after ten seconds at the earliest; the admin API waits for five minutes.
    const nowMs = Date.now();
    const seal = loadMasterKey(undefined, server.data);
    await rotateSigningKeys({ nowMs, signsFromMs: nowMs + 12_000 }, { store: people.store, seal });
    await until(async () => {
      await Promise.all(Array.from({ length: 4 }, issue));
      return issued.filter(({ kid }) => kid !== old).length >= 40;
    }, 60_000);
    assert.equal(kids().size, 2);
    for (const { access } of issued) assert.equal(await verdict(access), "accepted");
    assert.ok((await published()).includes(old));

    const order = await server.admin("POST", "/admin/v1/revocations", { select: { kid: old } });
    assert.equal(order.status, 201, order.text);
    const mine = issued.filter(({ kid }) => kid === old);
    await until(async () => (await verdict(mine[0]?.access ?? "")) === "revoked");
    for (const { access } of mine) {
      assert.equal(await verdict(access), "revoked");
      assert.deepEqual(await server.introspect(access), { active: false });
    }
    for (const { access } of issued.filter(({ kid }) => kid !== old))
      assert.equal(await verdict(access), "accepted");
    assert.ok(!(await published()).includes(old));
    await issue();
  } finally {
    await verifier.close();
  }
});
