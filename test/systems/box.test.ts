// Box: either token ends the pair; credentials in the form; a CLI, and a Postman collection with variables.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RegisteredClient, startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("box", server);
const api = await startProtectedApi(server);
after(() => api.close());
const registered = await page.send("client");
const client = registered.json as unknown as RegisteredClient; // the contract's ClientAnswer
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };
await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, { audience: [resource] });

test("Box: either token ends the pair, with id and secret in the form", async () => {
  assert.equal(registered.status, 201, registered.text);
  for (const which of ["access_token", "refresh_token"] as const) {
    const opened = await server.openGrant(client);
    await page.run("revoke", { ...credentials, ACCESS_TOKEN: opened[which] });
    await api.refuses(opened.access_token);
    assert.equal((await server.introspect(String(opened.refresh_token))).active, false);
  }
});

test("Box: the pair of a refresh is the same grant, so the first access token ends too", async () => {
  const opened = await server.openGrant(client);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  await page.run("revoke", { ...credentials, ACCESS_TOKEN: json.access_token });
  await api.refuses(json.access_token);
  assert.equal(await api.call(opened.access_token), 401);
});

test("Box: the CLI revokes the pair", async () => {
  const [opened, kept] = [await server.openGrant(client), await server.openGrant(client)];
  await page.run("cli", { OTHER_ACCESS_TOKEN: opened.access_token });
  await api.refuses(opened.access_token);
  assert.equal((await server.introspect(String(opened.refresh_token))).active, false);
  assert.equal(await api.call(kept.access_token), 200);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
