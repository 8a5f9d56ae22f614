// PingAM: its path answers, and a refresh token ends all tokens of the same grant while other grants stay.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("pingam", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await server.registerClient({ audience: [resource] });
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };

test("PingAM: at its path a refresh token ends its grant and an access token itself; other grants stay", async () => {
  const [gone, kept] = [
    await server.openGrant(client, "usr_ping"),
    await server.openGrant(client, "usr_ping"),
  ];
  await page.run("revoke", { ...credentials, REFRESH_TOKEN: gone.refresh_token });
  await api.refuses(gone.access_token);
  assert.equal(await api.call(kept.access_token), 200);
  const answer = await server.form("/oauth2/token/revoke", { token: String(kept.access_token) }, client);
  assert.equal(answer.status, 200);
  await api.refuses(kept.access_token);
  assert.equal((await server.introspect(String(kept.refresh_token))).active, true);
});

test("PingAM: an administrator ends one grant, and discovery names the other path", async () => {
  const [gone, kept] = [
    await server.openGrant(client, "usr_ping"),
    await server.openGrant(client, "usr_ping"),
  ];
  await page.run("revoke-grant", { GRANT_ID: gone.grant_id });
  await api.refuses(gone.access_token);
  assert.equal(await api.call(kept.access_token), 200);
  const { revocation_endpoint } = JSON.parse(await page.run("discover"));
  assert.equal(revocation_endpoint, `${server.issuer}/oauth2/revoke`);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
