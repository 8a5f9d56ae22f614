// Other systems' tokens at a verifier, end to end: the JWTs of a registered issuer and imported opaque tokens, accepted
// there, revoked here, refused there.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createVerifier, TokenRejected, type Verifier } from "@rescind/verifier";
import { IdentityProvider } from "../identity-provider.ts";
import { type RegisteredClient, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const audience = "https://api.example";
const server = await startTestServer();
const idp = await IdentityProvider.start("RS256");
let api: RegisteredClient;
let verifier: Verifier;

before(async () => {
  await idp.registerAt(server, { max_token_ttl: 3600 });
  api = await server.registerClient({
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect read",
    audience: [audience],
  });
  verifier = await createVerifier({
    issuer: server.issuer,
    audience,
    clientId: api.client_id,
    clientSecret: api.client_secret,
    issuers: [{ issuer: idp.issuer, audience }],
  });
});
after(async () => {
  await verifier.close();
  await Promise.all([server.close(), idp.close()]);
});

async function verdict(token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return "accepted";
  } catch (cause) {
    assert.ok(cause instanceof TokenRejected, String(cause));
    return cause.code;
  }
}

async function order(select: object): Promise<string> {
  const { status, json, text } = await server.admin("POST", "/admin/v1/revocations", { select });
  assert.equal(status, 201, text);
  return String(json.id);
}

for (const [what, selectFor] of [
  ["jti", (jti: string) => ({ issuer: idp.issuer, jti })],
  ["subject", (_jti: string, subject: string) => ({ issuer: idp.issuer, subject })],
  ["issuer", () => ({ issuer: idp.issuer })],
] as const)
  test(`a foreign JWT that the verifier accepts is refused there once it is revoked by ${what}, and back with the lift`, async () => {
    const [jti, sub] = [`jti-${what}`, `sub-${what}`];
    const token = await idp.sign({ jti, sub });
    assert.equal(await verdict(token), "accepted");
    const id = await order(selectFor(jti, sub));
    await until(async () => (await verdict(token)) === "revoked");
    const { status } = await server.admin("POST", `/admin/v1/revocations/${id}/lift`, {});
    assert.equal(status, 200);
    await until(async () => (await verdict(token)) === "accepted");
  });

test("a foreign JWT that claims a longer life than was registered is refused, whoever signed it", async () => {
  const now = Math.floor(Date.now() / 1000);
  assert.equal(await verdict(await idp.sign({ exp: now + 3600 })), "accepted");
  assert.equal(await verdict(await idp.sign({ exp: now + 4000 })), "claims");
});

test("an imported opaque token is accepted by its own text, and refused once it is revoked", async () => {
  const token = `legacy.${randomBytes(24).toString("base64url")}`;
  const imported = await server.admin("POST", "/admin/v1/tokens/import", {
    token,
    client_id: api.client_id,
    subject: "ann",
    scope: "read",
    expires_at: new Date(Date.now() + 600_000).toISOString(),
  });
  assert.ok(imported.status < 300, imported.text);
  assert.equal(await verdict(token), "accepted");
  await order({ token });
  await until(async () => (await verdict(token)) !== "accepted");
});
