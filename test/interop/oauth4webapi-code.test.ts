// `oauth4webapi` through the code flow: it checks every answer strictly, ID token signatures included.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as oauth from "oauth4webapi";
import { everything, startWithAlice } from "./alice.ts";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

const redirectUri = "https://app.example/callback";
const insecure = { [oauth.allowInsecureRequests]: true }; // the test server is http on loopback
const issuer = new URL(server.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));

const authentications = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
  none: () => oauth.None(),
};

for (const [method, authentication] of Object.entries(authentications)) {
  test(`oauth4webapi logs in, refreshes and revokes with ${method}`, async () => {
    const registered = await party.client(redirectUri, { token_endpoint_auth_method: method });
    const client: oauth.Client = { client_id: registered.client_id };
    const authenticate = authentication(registered.client_secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const parameters = new URLSearchParams({
      client_id: client.client_id,
      response_type: "code",
      redirect_uri: redirectUri,
      scope: everything,
      state,
      nonce,
      max_age: "600",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const pushed = await oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(as, client, authenticate, parameters, insecure),
    );
    assert.ok(pushed.expires_in > 0);
    const url = new URL(String(as.authorization_endpoint));
    url.search = String(
      new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri }),
    );
    const landed = await party.browser().signIn(url, alice);

    const answer = oauth.validateAuthResponse(as, client, landed.url, state);
    const asked = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authenticate,
      answer,
      redirectUri,
      verifier,
      insecure,
    );
    const expected = { expectedNonce: nonce, maxAge: 600, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, asked, expected);
    await oauth.validateApplicationLevelSignature(as, asked, insecure);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    assert.equal(claims?.sub, alice.sub);

    const userinfo = (token: string): Promise<Response> => oauth.userInfoRequest(as, client, token, insecure);
    const about = await oauth.processUserInfoResponse(
      as,
      client,
      alice.sub,
      await userinfo(tokens.access_token),
    );
    assert.equal(about.preferred_username, "alice");

    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, authenticate, String(tokens.refresh_token), insecure),
    );
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, authenticate, String(refreshed.refresh_token), insecure),
    );
    for (const token of [tokens.access_token, refreshed.access_token]) {
      assert.deepEqual(await server.introspect(token), { active: false });
      assert.equal((await userinfo(token)).status, 401);
    }
  });
}

test("oauth4webapi verifies our access token as RFC 9068 asks, and only until it is revoked is it live", async () => {
  const registered = await party.client(redirectUri);
  const client: oauth.Client = { client_id: registered.client_id };
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(String(as.authorization_endpoint));
  url.search = String(
    new URLSearchParams({
      client_id: client.client_id,
      response_type: "code",
      redirect_uri: redirectUri,
      scope: "openid",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    }),
  );
  const landed = await party.browser().signIn(url, alice);
  const answer = oauth.validateAuthResponse(as, client, landed.url, oauth.expectNoState);
  const basic = oauth.ClientSecretBasic(registered.client_secret);
  const tokens = await oauth.processAuthorizationCodeResponse(
    as,
    client,
    await oauth.authorizationCodeGrantRequest(as, client, basic, answer, redirectUri, verifier, insecure),
  );
  const request = new Request("https://api.example/", {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  const claims = await oauth.validateJwtAccessToken(as, request, server.issuer, insecure);
  assert.equal(claims.sub, alice.sub);
  assert.equal(claims.client_id, client.client_id);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, basic, tokens.access_token, insecure),
  );
  assert.deepEqual(await server.introspect(tokens.access_token), { active: false });
});
