// WSO2 Identity Server: either token ends both, the hint only orders the search, a filter lets browsers call.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { peopleOf } from "../people.ts";
import { startTestServer } from "../running-server.ts";
import { scriptCalls } from "./jsonp.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});
const page = comingFrom("wso2", server);
const api = await startProtectedApi(server);
after(() => api.close());
const registered = await page.send("client");
const client = { client_id: String(registered.json.client_id) };
await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, { audience: [resource] });

test("WSO2: either token ends both, with the wrong hint too", async () => {
  assert.equal(registered.status, 201, registered.text);
  for (const which of ["access_token", "refresh_token"] as const) {
    const opened = await server.openGrant(client);
    await page.run("revoke", { ACCESS_TOKEN: opened[which], CLIENT_ID: client.client_id });
    await api.refuses(opened.access_token);
    assert.equal((await server.introspect(String(opened.refresh_token))).active, false);
  }
});

test("WSO2: cascade=token narrows it for this once", async () => {
  const opened = await server.openGrant(client);
  const form = { token: String(opened.access_token), cascade: "token", ...client };
  assert.equal((await server.form("/oauth2/revoke", form)).status, 200);
  await api.refuses(opened.access_token);
  assert.equal((await server.introspect(String(opened.refresh_token))).active, true);
});

test("WSO2: a client that exists takes the policy over", async () => {
  const old = await server.registerClient({ audience: [resource] });
  const opened = await server.openGrant(old);
  const changed = await page.send("change", { CLIENT_ID: old.client_id });
  assert.deepEqual(changed.json.revocation_policy, { access_token: "grant", refresh_token: "grant" });
  await server.form("/oauth2/revoke", { token: String(opened.access_token) }, old);
  assert.equal((await server.introspect(String(opened.refresh_token))).active, false);
});

test("WSO2: JSONP with a callback, and the pair ends", async () => {
  const opened = await server.openGrant(client);
  const variables = {
    RESCIND: server.issuer,
    ACCESS_TOKEN: opened.access_token,
    CLIENT_ID: client.client_id,
  };
  assert.deepEqual(await scriptCalls(server, page.text("html", "jsonp", variables), "travel.done"), [{}]);
  await api.refuses(opened.access_token);
  assert.equal((await server.introspect(String(opened.refresh_token))).active, false);
});

test("WSO2: my authorised apps: the owner sees them and removes one, with all its tokens", async () => {
  const portal = await people.client({ scope: "openid rescind:account" });
  const travel = await people.client({ name: "Travel", audience: [resource] });
  const [owner, stranger] = [await people.signIn(), await people.signIn()];
  const account = await people.tokens(portal, owner, { scopes: ["openid", "rescind:account"] });
  const tokens = await people.tokens(travel, owner, { audience: [resource] });
  const others = await people.tokens(travel, stranger, { audience: [resource] });
  const ACCOUNT_TOKEN = account.access_token;
  const apps = async () => {
    const { json, text } = await page.send("my-apps", { ACCOUNT_TOKEN });
    assert.ok(Array.isArray(json.items), text);
    return json.items.map(({ client_id }: { client_id: string }) => client_id);
  };
  assert.ok((await apps()).includes(travel.client_id));
  assert.deepEqual(await api.calls(tokens.access_token, others.access_token), [200, 200]);
  const removed = await page.send("remove-app", { ACCOUNT_TOKEN, CLIENT_ID: travel.client_id });
  assert.ok(removed.status < 300, removed.text);
  await api.refuses(tokens.access_token);
  assert.ok(!(await apps()).includes(travel.client_id));
  assert.equal(await api.call(others.access_token), 200);
});

test("WSO2: browsers at the client's origin may read the answer", async () => {
  const { headers } = await server.request("/oauth2/revoke", {
    method: "POST",
    headers: { origin: "https://travel.example" },
    body: new URLSearchParams({ token: "x", ...client }),
  });
  assert.equal(headers.get("access-control-allow-origin"), "https://travel.example");
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
