// Apache's mod_auth_openidc as Debian packages it: as a relying party that refreshes with every request, and as a
// resource server that introspects every token.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page, Person } from "../person.ts";
import type { RegisteredClient } from "../running-server.ts";
import { everything, startWithAlice } from "./alice.ts";
import { startApache } from "./apache.ts";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

let registered: RegisteredClient | undefined;
const apache = await startApache(async (origin) => {
  registered = await party.client(`${origin}/protected/callback`, {
    post_logout_redirect_uris: [`${origin}/index.html`],
  });
  const { client_id, client_secret } = registered;
  return [
    `OIDCProviderMetadataURL ${server.issuer}/.well-known/openid-configuration`,
    `OIDCClientID ${client_id}`,
    `OIDCClientSecret ${client_secret}`,
    `OIDCRedirectURI ${origin}/protected/callback`,
    "OIDCCryptoPassphrase an-application-of-its-own",
    `OIDCScope "${everything}"`,
    "OIDCPKCEMethod S256",
    "OIDCRemoteUserClaim sub",
    // Longer than a token lives: every request refreshes, and a refusal ends Apache's session.
    "OIDCRefreshAccessTokenBeforeExpiry 1000 logout_on_error",
    "OIDCInfoHook access_token refresh_token userinfo",
    `OIDCOAuthServerMetadataURL ${server.issuer}/.well-known/oauth-authorization-server`,
    `OIDCOAuthClientID ${client_id}`,
    `OIDCOAuthClientSecret ${client_secret}`,
    "OIDCOAuthTokenIntrospectionInterval -1",
    "OIDCOAuthRemoteUserClaim sub",
    "<Location /protected>",
    "AuthType openid-connect",
    "Require valid-user",
    "Header set X-User expr=%{REMOTE_USER}",
    "</Location>",
    "<Location /api>",
    "AuthType oauth20",
    "Require valid-user",
    "</Location>",
  ];
});
after(() => apache.close());
const { origin } = apache;

interface Information {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly userinfo: Record<string, unknown>;
}

async function information(person: Person): Promise<Information> {
  const page = await person.open(`${origin}/protected/callback?info=json`);
  assert.equal(page.status, 200, `${page.text}\n${apache.log()}`);
  return JSON.parse(page.text);
}

const asksToSignIn = (page: Page) => page.forms.some((form) => form.names.includes("password"));

test("mod_auth_openidc logs in, refreshes, loses the page with a revocation, and logs out", async () => {
  const person = party.browser(origin);
  const protectedPage = `${origin}/protected/index.html`;
  const shown = await person.signIn(protectedPage, alice);
  assert.equal(shown.text, "page: protected", `${shown.text}\n${apache.log()}`);
  const again = await person.open(protectedPage);
  assert.equal(again.headers.get("x-user")?.split("@")[0], alice.sub);

  const held = await information(person);
  assert.equal(held.userinfo.email, "alice@example.com");
  assert.equal((await server.introspect(held.access_token)).active, true);
  await person.open(protectedPage);
  const refreshed = await information(person);
  assert.notEqual(refreshed.refresh_token, held.refresh_token);

  assert.ok(registered);
  const { client_id } = registered;
  const select = { subject: alice.sub, client_id };
  assert.equal((await server.admin("POST", "/admin/v1/revocations", { select })).status, 201);
  assert.deepEqual(await server.introspect(refreshed.access_token), { active: false });
  assert.match((await person.open(protectedPage)).text, /Logged Out/);

  const back = await person.signIn(protectedPage, alice);
  assert.equal(back.text, "page: protected", `${back.text}\n${apache.log()}`);
  const home = encodeURIComponent(`${origin}/index.html`);
  const goodbye = await person.open(`${origin}/protected/callback?logout=${home}`);
  assert.equal(goodbye.text, "page: ", `${goodbye.text}\n${apache.log()}`);
  assert.ok(asksToSignIn(await person.open(protectedPage)));
});

test("mod_auth_openidc as a resource server refuses a token with the first request after its revocation", async () => {
  assert.ok(registered);
  const { access_token } = await server.openGrant(registered, alice.sub, { scope: "openid" });
  const call = () => fetchApi(String(access_token));
  assert.equal((await call()).status, 200, apache.log());
  assert.equal(
    (await server.form("/oauth2/revoke", { token: String(access_token) }, registered)).status,
    200,
  );
  assert.equal((await call()).status, 401);
});

function fetchApi(token: string): Promise<Response> {
  return fetch(`${origin}/api/index.html`, { headers: { authorization: `Bearer ${token}` } });
}
