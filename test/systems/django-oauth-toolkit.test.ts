// django-oauth-toolkit, part 4 of its tutorial: a confidential client posts id and secret, a public one omits the secret.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("django-oauth-toolkit", server);

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

test("django-oauth-toolkit: the confidential client's request of the tutorial, of JWTs and opaque tokens", async () => {
  for (const access_token_format of ["jwt", "opaque"]) {
    const client = await server.registerClient({ access_token_format });
    const { access_token, refresh_token } = await server.openGrant(client);
    await page.run("confidential", {
      ACCESS_TOKEN: access_token,
      CLIENT_ID: client.client_id,
      CLIENT_SECRET: client.client_secret,
    });
    assert.deepEqual([await isLive(access_token), await isLive(refresh_token)], [false, true]);
  }
});

test("django-oauth-toolkit: the public client's request of the tutorial, without a secret", async () => {
  const { status, json, text } = await page.send("public-client");
  assert.equal(status, 201, text);
  assert.equal(json.client_secret, undefined);
  const { access_token } = await server.openGrant({ client_id: String(json.client_id) });
  await page.run("public", { PUBLIC_ACCESS_TOKEN: access_token, PUBLIC_CLIENT_ID: json.client_id });
  assert.equal(await isLive(access_token), false);
});

test("django-oauth-toolkit: a confidential client that omits its secret is no public one", async () => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client);
  const form = { token: String(access_token), client_id: client.client_id };
  const { status, json } = await server.form("/oauth2/revoke", form);
  assert.deepEqual([status, json.error], [401, "invalid_client"]);
  assert.equal(await isLive(access_token), true);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
