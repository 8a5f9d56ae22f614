// docs/reference/token-exchange.md and foreign-issuers.md: every command on them is run as it stands there.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { IdentityProvider } from "../identity-provider.ts";
import { startTestServer } from "../running-server.ts";
import { pageOf } from "../systems/page.ts";

const server = await startTestServer();
const idp = await IdentityProvider.start("RS256");
after(() => Promise.all([server.close(), idp.close()]));

test("token-exchange.md: a client is registered and exchanges a token for one that ends with it", async () => {
  const page = pageOf("docs/reference/token-exchange.md", server);
  const { client_id, client_secret } = JSON.parse(await page.run("register"));
  const web = await server.registerClient({ scope: "orders:read mail" });
  const { access_token: TOKEN = "" } = await server.openGrant(web);
  const variables = { CLIENT_ID: client_id, CLIENT_SECRET: client_secret, TOKEN };
  const answer = JSON.parse(await page.run("exchange", variables));
  assert.equal(answer.scope, "orders:read");
  assert.equal((await server.introspect(answer.access_token)).client_id, client_id);
  await server.form("/oauth2/revoke", { token: TOKEN }, web);
  assert.equal((await server.introspect(answer.access_token)).active, false);
  assert.deepEqual(page.unused(), []);
});

test("foreign-issuers.md: an issuer is registered, a subject of it revoked, a token introspected", async () => {
  const page = pageOf("docs/reference/foreign-issuers.md", server);
  const variables = { ISSUER: idp.issuer, JWKS_URI: idp.jwksUri, SUBJECT: "bob" };
  assert.match(await page.run("add", variables), /3600/);
  const iat = Math.floor(Date.now() / 1000) - 60;
  const [TOKEN, theirs] = [await idp.sign({ iat }), await idp.sign({ iat, sub: "bob" })];
  await page.run("revoke", variables);
  const { client_id, client_secret } = await server.registerClient({ scope: "rescind:introspect" });
  const ask = async (token: string) =>
    JSON.parse(
      await page.run("introspect", { CLIENT_ID: client_id, CLIENT_SECRET: client_secret, TOKEN: token }),
    );
  assert.equal((await ask(TOKEN)).iss, idp.issuer);
  assert.deepEqual(await ask(theirs), { active: false });
  assert.deepEqual(page.unused(), []);
});
