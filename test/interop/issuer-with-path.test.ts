// An issuer with a path behind somebody else's proxy, as companies run it: discovery, pages, cookies and endpoints all
// stay below the path.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, test } from "node:test";
import * as client from "openid-client";
import { everything, listening, startWithAlice } from "./alice.ts";

let behind: URL | undefined;
const seen: string[] = [];
const proxy = await listening((asked, answer) => {
  seen.push(String(asked.url));
  const to = new URL(String(asked.url), behind);
  const passed = request(to, { method: asked.method, headers: asked.headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  asked.pipe(passed);
});
after(() => proxy.close());
const issuer = `${proxy.origin}/login/here`;
const party = await startWithAlice(["--issuer", issuer]);
after(() => party.server.close());
behind = new URL(party.server.base);

const redirectUri = "https://app.example/callback";
const execute = [client.allowInsecureRequests]; // the test server is http on loopback

for (const algorithm of ["oidc", "oauth2"] as const) {
  test(`an issuer with a path is found by ${algorithm} discovery, logs in, revokes and logs out`, async () => {
    const goodbye = "https://app.example/goodbye";
    const registered = await party.client(redirectUri, { post_logout_redirect_uris: [goodbye] });
    const config = await client.discovery(
      new URL(issuer),
      registered.client_id,
      registered.client_secret,
      undefined,
      {
        execute,
        algorithm,
      },
    );
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = await client.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: redirectUri,
      scope: everything,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    const person = party.browser();
    const landed = await person.signIn(url, party.alice);
    const tokens = await client.authorizationCodeGrant(config, landed.url, { pkceCodeVerifier });
    assert.equal(tokens.claims()?.iss, issuer);
    await client.fetchUserInfo(config, tokens.access_token, party.alice.sub);
    await client.tokenRevocation(config, tokens.access_token);
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, party.alice.sub));
    const end = client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: goodbye,
      id_token_hint: String(tokens.id_token),
    });
    assert.equal((await person.open(end)).url.href, goodbye);
    const outside = seen.filter((path) => !path.startsWith("/login/here/"));
    assert.deepEqual(
      outside.filter((path) => !path.startsWith("/.well-known/")),
      [],
    );
  });
}
