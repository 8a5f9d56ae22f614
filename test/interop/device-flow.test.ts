// The device flow by two clients that nobody here wrote: openid-client polls by itself, oauth4webapi checks each answer.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { deviceCodeGrant } from "@rescind/core";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";
import { browserWith } from "../authorization.ts";
import { peopleOf } from "../people.ts";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

function register(method: "none" | "client_secret_basic") {
  return server.registerClient({
    name: "Television",
    grant_types: [deviceCodeGrant, "refresh_token"],
    scope: "openid offline_access",
    token_endpoint_auth_method: method,
  });
}

/** Somebody opens the link, presses Continue and Allow. */
async function allow(link: string): Promise<string> {
  const session = await people.signIn();
  const person = browserWith(server, session);
  const page = await person.open(link);
  const asked = await person.submit(page, { user_code: page.forms[0]?.fields.user_code ?? "" });
  await person.submit(asked, { answer: "allow" });
  return session.subject;
}

test("openid-client polls until the person has answered, and refreshes", async () => {
  const { client_id } = await register("none");
  const config = await client.discovery(new URL(server.issuer), client_id, undefined, client.None(), {
    execute: [client.allowInsecureRequests], // the test server is http on loopback
  });
  const device = await client.initiateDeviceAuthorization(config, { scope: "openid offline_access" });
  const polling = client.pollDeviceAuthorizationGrant(config, device);
  const subject = await allow(String(device.verification_uri_complete));
  const tokens = await polling;
  assert.equal(tokens.claims()?.sub, subject);
  const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
  await client.tokenRevocation(config, String(refreshed.refresh_token));
  assert.equal((await server.introspect(refreshed.access_token)).active, false);
});

test("oauth4webapi finds every answer as RFC 8628 wants it", async () => {
  const registered = await register("client_secret_basic");
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(server.issuer);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const of = { client_id: registered.client_id };
  const secret = oauth.ClientSecretBasic(registered.client_secret);
  const asked = await oauth.deviceAuthorizationRequest(as, of, secret, { scope: "openid" }, insecure);
  const device = await oauth.processDeviceAuthorizationResponse(as, of, asked);
  const poll = async () =>
    oauth.processDeviceCodeResponse(
      as,
      of,
      await oauth.deviceCodeGrantRequest(as, of, secret, device.device_code, insecure),
    );
  await assert.rejects(poll, { error: "authorization_pending" });
  await assert.rejects(poll, { error: "slow_down" });
  const subject = await allow(String(device.verification_uri_complete));
  const tokens = await poll();
  assert.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, subject);
  await assert.rejects(poll, { error: "invalid_grant" });
});
