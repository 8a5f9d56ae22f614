// Okta: the access token alone forces a refresh, the refresh token takes the access tokens along, and an administrator
// lists and revokes by user and client.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { decodeJwt } from "jose";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("okta", server);
const api = await startProtectedApi(server);
after(() => api.close());
const registered = await page.send("client");
const client = { client_id: String(registered.json.client_id) };
await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, { audience: [resource] });

function refresh(token: unknown) {
  const form = { grant_type: "refresh_token", refresh_token: String(token), ...client };
  return server.form("/oauth2/token", form);
}

test("Okta: the policy of the page is the default", async () => {
  const { json } = await server.admin("POST", "/admin/v1/clients", {
    name: "x",
    grant_types: ["refresh_token"],
    token_endpoint_auth_method: "none",
  });
  assert.equal(registered.status, 201, registered.text);
  assert.deepEqual(json.revocation_policy, registered.json.revocation_policy);
});

test("Okta: revoking the access token makes the app refresh, and new user data shows in the next one", async () => {
  const { json: user } = await server.admin("POST", "/admin/v1/users", { username: "ann", groups: ["old"] });
  const path = `/admin/v1/clients/${client.client_id}`;
  await server.admin("PATCH", path, { custom_claims: { groups: { user_field: "groups" } } });
  const opened = await server.openGrant(client, String(user.sub));
  assert.deepEqual(decodeJwt(String(opened.access_token)).groups, ["old"]);
  await server.admin("PATCH", `/admin/v1/users/${user.sub}`, { groups: ["new"] });
  await page.run("force-refresh", { ACCESS_TOKEN: opened.access_token, CLIENT_ID: client.client_id });
  await api.refuses(opened.access_token);
  const { json } = await refresh(opened.refresh_token);
  assert.equal(await api.call(json.access_token), 200);
  assert.deepEqual(decodeJwt(String(json.access_token)).groups, ["new"]);
});

test("Okta: revoking the refresh token ends the access tokens; invalid, expired and revoked are 200", async () => {
  const opened = await server.openGrant(client, "usr_okta");
  const { json } = await refresh(opened.refresh_token);
  for (const token of [json.refresh_token, json.refresh_token, json.access_token, "invalid"]) {
    const answer = await server.form("/oauth2/revoke", { token: String(token), ...client });
    assert.equal(answer.status, 200);
  }
  await api.refuses(json.access_token);
  assert.equal(await api.call(opened.access_token), 401);
});

test("Okta: an administrator lists what a user gave a client, and revokes one grant or all", async () => {
  const SUBJECT = "usr_okta_admin";
  const grants = [];
  for (let i = 0; i < 3; i++) grants.push(await server.openGrant(client, SUBJECT));
  await server.openGrant(client, "usr_okta_other");
  const listed = JSON.parse(await page.run("list", { SUBJECT, CLIENT_ID: client.client_id })).items;
  const ids = grants.map(({ grant_id }) => grant_id);
  assert.deepEqual(listed.map((item: { grant_id: string }) => item.grant_id).sort(), ids.toSorted());
  await page.run("revoke-grant", { GRANT_ID: ids[0] });
  await api.refuses(grants[0]?.access_token);
  assert.equal(await api.call(grants[1]?.access_token), 200);
  await page.run("revoke-all", { SUBJECT, CLIENT_ID: client.client_id });
  await api.refuses(grants[2]?.access_token);
  assert.equal(await api.call(grants[1]?.access_token), 401);
});

test("Okta: the browser app may call from its origin", async () => {
  const { headers } = await server.request("/oauth2/revoke", {
    method: "POST",
    headers: { origin: "https://portal.example" },
    body: new URLSearchParams({ token: "x", ...client }),
  });
  assert.equal(headers.get("access-control-allow-origin"), "https://portal.example");
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
