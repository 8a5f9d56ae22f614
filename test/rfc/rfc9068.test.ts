// RFC 9068 JWT access tokens, checked by `jose` as a resource server would, and the claims of CONTRACT.md section 4.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

/** Keys are asked for anew, since tests add some. */
async function verified(token: unknown, audience: string, typ = "at+jwt"): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));
  const options = {
    issuer: server.issuer,
    audience,
    typ,
    requiredClaims: ["sub", "exp", "iat", "jti", "client_id"],
  };
  return (await jwtVerify(String(token), keys, options)).payload;
}

test("RFC 9068 2.1: the header has typ at+jwt, ES256 and the kid of a published key", async () => {
  const token = await server.clientToken(await server.registerClient());
  const { typ, alg, kid, ...rest } = decodeProtectedHeader(token);
  assert.deepEqual([typ, alg, rest], ["at+jwt", "ES256", {}]);
  const { json } = await server.request("/oauth2/jwks");
  const keys = json.keys as { kid: string }[]; // RFC 7517
  assert.equal(keys.filter((key) => key.kid === kid).length, 1);
});

test("RFC 9068 2.2: a token of a grant carries the claims of the contract", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client, "usr_fay", { scope: "read offline_access" });
  const { exp, iat, jti, rev, grant_iat, ...named } = await verified(opened.access_token, server.issuer);
  assert.deepEqual(named, {
    iss: server.issuer,
    aud: server.issuer,
    sub: "usr_fay",
    client_id: client.client_id,
    scope: "read offline_access",
    grant_id: opened.grant_id,
    offline: true,
  });
  assert.equal(Number(exp) - Number(iat), 900);
  assert.equal(grant_iat, iat);
  assert.match(String(jti), /^tid_\d+$/);
  assert.ok(Number.isInteger(rev));
});

test("a client-credentials token has sub = client_id, key_id, and no grant, offline or auth_time", async () => {
  const client = await server.registerClient();
  const claims = await verified(await server.clientToken(client), server.issuer);
  assert.equal(claims.sub, client.client_id);
  assert.equal(claims.key_id, client.keys[0]?.key_id);
  const names = ["aud", "client_id", "exp", "iat", "iss", "jti", "key_id", "rev", "scope", "sub"];
  assert.deepEqual(Object.keys(claims).sort(), names);
});

test("a refreshed token keeps grant_id and grant_iat, names the key used, and takes the head as rev", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client);
  const first = await verified(opened.access_token, server.issuer);
  const other = await server.clientToken(client);
  const revoked = await server.form("/oauth2/revoke", { token: other }, client);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  const second = await verified(json.access_token, server.issuer);
  assert.deepEqual([second.grant_id, second.grant_iat], [first.grant_id, first.grant_iat]);
  assert.equal(second.key_id, client.keys[0]?.key_id);
  assert.equal(second.rev, Number(revoked.headers.get("rescind-seq")));
  assert.notEqual(second.jti, first.jti);
});

for (const signing_alg of ["ES256", "RS256", "PS256", "EdDSA"]) {
  test(`a resource chooses ${signing_alg} and the typ of its tokens`, async () => {
    for (const access_token_typ of ["at+jwt", "JWT"]) {
      const resource = `https://${signing_alg.toLowerCase()}.example/${access_token_typ}`;
      const settings = { resource, signing_alg, access_token_typ, access_token_ttl: 60 };
      assert.equal((await server.admin("POST", "/admin/v1/resources", settings)).status, 201);
      const client = await server.registerClient({ audience: [resource] });
      const token = await server.clientToken(client);
      assert.equal(decodeProtectedHeader(token).alg, signing_alg);
      const claims = await verified(token, resource, access_token_typ);
      assert.equal(Number(claims.exp) - Number(claims.iat), 60);
      const { json } = await server.form("/oauth2/introspect", { token }, client);
      assert.equal(json.active, true);
      await server.form("/oauth2/revoke", { token }, client);
      assert.deepEqual(await server.introspect(token), { active: false });
    }
  });
}

test("a resource may have opaque tokens where the client has JWTs, and the other way round", async () => {
  for (const [ofResource, ofClient] of [
    ["opaque", "jwt"],
    ["jwt", "opaque"],
  ]) {
    const resource = `https://${ofResource}.example/`;
    await server.admin("POST", "/admin/v1/resources", { resource, access_token_format: ofResource });
    const client = await server.registerClient({ audience: [resource], access_token_format: ofClient });
    const token = await server.clientToken(client);
    assert.equal(token.startsWith("rat_"), ofResource === "opaque");
  }
});

test("custom claims, claims and attributes go into the token, and may not take the server's names", async () => {
  const client = await server.registerClient({ custom_claims: { tenant: "a", groups: ["c"] } });
  const { access_token } = await server.openGrant(client, "usr_gil", {
    claims: { groups: ["g"], email: "g@x.example" },
  });
  const claims = await verified(access_token, server.issuer);
  assert.deepEqual([claims.tenant, claims.groups, claims.email], ["a", ["g"], "g@x.example"]);
  for (const name of ["iss", "sub", "aud", "rev", "lineage", "scope", "grant_id", "active", "cnf"]) {
    const body = { client_id: client.client_id, subject: "usr_gil", claims: { [name]: "x" } };
    const refused = await server.admin("POST", "/admin/v1/grants", body);
    assert.equal(refused.status, 400, name);
    assert.match(refused.text, /\/claims/);
  }
});

test("all configured claims together take 4 KiB at most, with an error that names the field", async () => {
  const client = await server.registerClient({ custom_claims: { a: "x".repeat(2000) } });
  const open = async (length: number) =>
    server.admin("POST", "/admin/v1/grants", {
      client_id: client.client_id,
      subject: "usr_hal",
      claims: { b: "y".repeat(length) },
    });
  assert.equal((await open(2000)).status, 201);
  const refused = await open(2200);
  assert.equal(refused.status, 400);
  assert.match(refused.text, /\/claims.*4096/);
});

test("subjects are 1 to 255 printable characters and never a client's id", async () => {
  const client = await server.registerClient();
  for (const subject of ["x", "ÄÖ 😀 例え", "a".repeat(255), "urn:x:y"]) {
    const { access_token } = await server.openGrant(client, subject);
    assert.equal((await verified(access_token, server.issuer)).sub, subject);
  }
  for (const subject of ["", "a".repeat(256), "a\nb", "a\u0000", "a\u202eb", client.client_id, "admin"]) {
    const refused = await server.admin("POST", "/admin/v1/grants", { client_id: client.client_id, subject });
    assert.equal(refused.status, 400, JSON.stringify(subject));
    assert.match(refused.text, /\/subject/);
  }
});
