// `oauth4webapi`, which checks every answer strictly, against the whole life of a token.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as oauth from "oauth4webapi";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const insecure = { [oauth.allowInsecureRequests]: true }; // the test server is http on loopback
const issuer = new URL(server.issuer);

async function discover(algorithm: "oidc" | "oauth2" = "oauth2"): Promise<oauth.AuthorizationServer> {
  return oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm, ...insecure }),
  );
}

for (const format of ["jwt", "opaque"]) {
  test(`oauth4webapi gets, introspects and revokes a token in the form ${format}`, async () => {
    const as = await discover();
    const { client_id, client_secret } = await server.registerClient({ access_token_format: format });
    const client = { client_id };
    const basic = oauth.ClientSecretBasic(client_secret);
    const asked = await oauth.clientCredentialsGrantRequest(as, client, basic, { scope: "read" }, insecure);
    const { access_token, scope } = await oauth.processClientCredentialsResponse(as, client, asked);
    assert.equal(scope, "read");
    const introspect = async (): Promise<oauth.IntrospectionResponse> =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, basic, access_token, insecure),
      );
    assert.equal((await introspect()).active, true);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, basic, access_token, insecure),
    );
    assert.deepEqual(await introspect(), { active: false });
  });
}

test("oauth4webapi refreshes with rotation, and a replay ends the grant", async () => {
  const as = await discover("oidc");
  const registered = await server.registerClient();
  const { client_id } = registered;
  const client = { client_id };
  const post = oauth.ClientSecretPost(registered.client_secret);
  const opened = await server.openGrant(registered);
  const refresh = async (token: string): Promise<oauth.TokenEndpointResponse> =>
    oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, post, token, insecure),
    );
  const second = await refresh(String(opened.refresh_token));
  const third = await refresh(String(second.refresh_token));
  await assert.rejects(refresh(String(opened.refresh_token)), { error: "invalid_grant" });
  assert.deepEqual(await server.introspect(third.access_token), { active: false });
  await assert.rejects(refresh(String(third.refresh_token)), { error: "invalid_grant" });
});

test("oauth4webapi accepts our JWTs as RFC 9068 access tokens", async () => {
  const as = await discover();
  const registered = await server.registerClient();
  const { access_token } = await server.openGrant(registered, "usr_bob", { scope: "read" });
  const request = new Request(`${server.issuer}/anything`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  const claims = await oauth.validateJwtAccessToken(as, request, server.issuer, insecure);
  assert.equal(claims.sub, "usr_bob");
  assert.equal(claims.client_id, registered.client_id);
});

test("oauth4webapi takes a signed introspection answer and finds its signature good", async () => {
  const as = await discover();
  const { client_id, client_secret } = await server.registerClient();
  const client = { client_id };
  const basic = oauth.ClientSecretBasic(client_secret);
  const token = await server.clientToken({ client_id, client_secret, keys: [] });
  const options = { requestJwtResponse: true, ...insecure };
  const introspect = async (): Promise<oauth.IntrospectionResponse> => {
    const response = await oauth.introspectionRequest(as, client, basic, token, options);
    assert.equal(response.headers.get("content-type"), "application/token-introspection+jwt");
    const answer = await oauth.processIntrospectionResponse(as, client, response);
    await oauth.validateApplicationLevelSignature(as, response, insecure);
    return answer;
  };
  assert.equal((await introspect()).active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, basic, token, insecure));
  assert.deepEqual(await introspect(), { active: false });
});

test("oauth4webapi authenticates by private_key_jwt with every algorithm it makes", async () => {
  const as = await discover();
  for (const alg of ["ES256", "ES384", "ES512", "RS256", "PS256", "PS384", "PS512", "EdDSA", "Ed25519"]) {
    const { privateKey, publicKey } = await oauth.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: alg };
    const { client_id } = await server.registerClient({
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [jwk] },
    });
    const method = oauth.PrivateKeyJwt({ key: privateKey, kid: alg });
    const asked = await oauth.clientCredentialsGrantRequest(as, { client_id }, method, {}, insecure);
    const { access_token } = await oauth.processClientCredentialsResponse(as, { client_id }, asked);
    assert.equal((await server.introspect(access_token)).client_id, client_id, alg);
  }
});
