// Salesforce connected apps: access token alone or refresh token with all, tokens listed per user and app, an app
// revoked for one user or blocked for all.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { scriptCalls } from "./jsonp.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("salesforce", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await server.registerClient({ audience: [resource] });
const other = await server.registerClient({ audience: [resource] });
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };

test("Salesforce: the access token alone, like a logout; the refresh token and all its access tokens", async () => {
  const opened = await server.openGrant(client);
  await page.run("logout", { ...credentials, ACCESS_TOKEN: opened.access_token });
  await api.refuses(opened.access_token);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  assert.equal(await api.call(json.access_token), 200);
  await page.run("disconnect", { ...credentials, REFRESH_TOKEN: json.refresh_token });
  await api.refuses(json.access_token);
});

test("Salesforce: GET with a callback, for a client that is registered for it and for no other", async () => {
  const { status, json, text } = await page.send("jsonp-client");
  assert.equal(status, 201, text);
  const widget = { client_id: String(json.client_id) };
  const opened = await server.openGrant(widget);
  const variables = {
    RESCIND: server.issuer,
    ACCESS_TOKEN: opened.access_token,
    CLIENT_ID: widget.client_id,
  };
  assert.deepEqual(await scriptCalls(server, page.text("html", "jsonp", variables), "app.done"), [{}]);
  assert.equal((await server.introspect(String(opened.access_token))).active, false);
  const kept = await server.clientToken(client);
  const query = new URLSearchParams({ token: kept, client_id: client.client_id, callback: "app.done" });
  assert.equal((await server.request(`/oauth2/revoke?${query}`)).status, 405);
  assert.equal(await api.call(kept), 200);
});

test("Salesforce: tokens are listed per user and app, and an app is revoked for one user", async () => {
  const subject = { SUBJECT: "usr_sf", CLIENT_ID: client.client_id };
  const opened = await server.openGrant(client, "usr_sf");
  const bystanders = [await server.openGrant(client, "usr_sf_2"), await server.openGrant(other, "usr_sf")];
  const items = async () => JSON.parse(await page.run("list", subject)).items;
  assert.deepEqual((await items()).map(({ kind }: { kind: string }) => kind).sort(), ["access", "refresh"]);
  await page.run("revoke-for-user", subject);
  await api.refuses(opened.access_token);
  assert.deepEqual(await items(), []);
  assert.deepEqual(await api.calls(...bystanders.map(({ access_token }) => access_token)), [200, 200]);
});

test("Salesforce: a blocked app's tokens are dead and it gets none; unblocking gives them back", async () => {
  const [opened, bystander] = [await server.openGrant(client), await server.openGrant(other)];
  await page.run("block", credentials);
  await api.refuses(opened.access_token);
  const asked = await server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
  assert.deepEqual([asked.status, asked.json.error], [401, "invalid_client"]);
  assert.equal(await api.call(bystander.access_token), 200);
  await page.run("unblock", credentials);
  await api.takes(opened.access_token);
  assert.equal((await server.introspect(String(opened.refresh_token))).active, true);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
