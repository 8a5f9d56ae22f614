// Tokens bound to a certificate or a key are not issued yet. Until they are, headers that claim such a binding must
// change nothing. THREATS AC-21, AC-22.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer(["--trusted-proxies", "127.0.0.1"]);
after(() => server.close());

const certificate = "-----BEGIN CERTIFICATE-----%0AMIIB%0A-----END CERTIFICATE-----";
const claimed: Record<string, string> = {
  "x-ssl-client-cert": certificate,
  "x-ssl-client-verify": "SUCCESS",
  "ssl-client-verify": "SUCCESS",
  "ssl-client-cert": certificate,
  "x-client-cert": certificate,
  "x-forwarded-client-cert": "By=spiffe://op;Hash=00;Subject=CN=admin",
  "x-ssl-client-s-dn": "CN=admin",
  "client-cert": ":MIIB:",
  "client-cert-chain": ":MIIB:",
};

test("AC-21 a client certificate in a header authenticates nobody, not even behind a trusted proxy", async () => {
  const { client_id } = await server.registerClient();
  for (const [name, value] of Object.entries(claimed)) {
    const body = new URLSearchParams({ grant_type: "client_credentials", client_id });
    const answer = await server.request("/oauth2/token", {
      method: "POST",
      headers: { [name]: value },
      body,
    });
    assert.equal(answer.status, 401, name);
    const admin = await server.request("/admin/v1/clients", { headers: { [name]: value } });
    assert.equal(admin.status, 401, name);
  }
});

test("AC-21 a client certificate in a header binds no token", async () => {
  const { client_id, client_secret } = await server.registerClient();
  const form = { grant_type: "client_credentials", client_id, client_secret };
  const answer = await server.request("/oauth2/token", {
    method: "POST",
    headers: claimed,
    body: new URLSearchParams(form),
  });
  assert.equal(answer.status, 200);
  const seen = await server.introspect(String(answer.json.access_token));
  assert.equal(seen.active, true);
  assert.equal("cnf" in seen, false);
});

test("AC-22 a DPoP proof binds nothing, and the answer does not say that it did", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const proof = await new SignJWT({
    htm: "POST",
    htu: `${server.issuer}/oauth2/token`,
    jti: crypto.randomUUID(),
  })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey);
  const { client_id, client_secret } = await server.registerClient({ scope: "rescind:read" });
  const form = { grant_type: "client_credentials", client_id, client_secret };
  const answer = await server.request("/oauth2/token", {
    method: "POST",
    headers: { dpop: proof },
    body: new URLSearchParams(form),
  });
  assert.equal(answer.json.token_type, "Bearer");
  const token = String(answer.json.access_token);
  assert.equal("cnf" in (await server.introspect(token)), false);
  const use = (scheme: string) =>
    server.request("/admin/v1/clients", { headers: { authorization: `${scheme} ${token}`, dpop: proof } });
  assert.equal((await use("Bearer")).status, 200);
  assert.equal((await use("DPoP")).status, 401);
  const { json } = await server.request("/.well-known/openid-configuration");
  assert.equal(json.dpop_signing_alg_values_supported, undefined);
  assert.notEqual(json.tls_client_certificate_bound_access_tokens, true);
});
