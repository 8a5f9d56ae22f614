// RFC 8707 resource indicators: who gets which audience, scopes and form.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const orders = "https://orders.example/v1";
const mail = "https://mail.example/";
await server.admin("POST", "/admin/v1/resources", { resource: orders, name: "Orders", scopes: ["read"] });
await server.admin("POST", "/admin/v1/resources", { resource: mail, access_token_format: "opaque" });

async function audienceOf(client: RegisteredClient, form: Record<string, string> = {}): Promise<unknown> {
  return (await server.introspect(await server.clientToken(client, form))).aud;
}

test("RFC 8707 2: a client gets the resource it asks for, by default its first, without any the issuer", async () => {
  const client = await server.registerClient({ audience: [mail, orders] });
  assert.equal(await audienceOf(client), mail);
  assert.equal(await audienceOf(client, { resource: mail }), mail);
  assert.equal(await audienceOf(client, { resource: orders }), orders);
  assert.equal(await audienceOf(await server.registerClient()), server.issuer);
});

test("RFC 8707 2: a resource that is not the client's is invalid_target", async () => {
  const client = await server.registerClient({ audience: [orders] });
  for (const resource of [
    mail,
    "https://orders.example/v1/",
    "HTTPS://orders.example/v1",
    "orders",
    "https://x#y",
  ]) {
    const { status, json } = await server.form(
      "/oauth2/token",
      { grant_type: "client_credentials", resource },
      client,
    );
    assert.equal(status, 400, resource);
    assert.equal(json.error, "invalid_target");
  }
});

test("a resource with scopes of its own gets these only", async () => {
  const client = await server.registerClient({ audience: [orders], scope: "read write" });
  const { json } = await server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
  assert.equal(json.scope, "read");
  const refused = await server.form(
    "/oauth2/token",
    { grant_type: "client_credentials", scope: "write" },
    client,
  );
  assert.equal(refused.json.error, "invalid_scope");
});

test("the form of the token is the resource's", async () => {
  const client = await server.registerClient({ audience: [orders, mail] });
  assert.match(await server.clientToken(client, { resource: mail }), /^rat_/);
  assert.match(await server.clientToken(client, { resource: orders }), /\..+\./);
});

test("our own scopes are for the issuer: with another resource they are not granted, beside one the issuer joins", async () => {
  const client = await server.registerClient({ audience: [mail], scope: "read rescind:read" });
  const asked = { grant_type: "client_credentials", resource: mail };
  assert.equal((await server.form("/oauth2/token", asked, client)).json.scope, "read");
  const refused = await server.form("/oauth2/token", { ...asked, scope: "rescind:read" }, client);
  assert.equal(refused.json.error, "invalid_scope");
  assert.deepEqual(await audienceOf(client), [mail, server.issuer]);
});

test("a token for another audience opens none of our own endpoints, whatever its scope says", async () => {
  const client = await server.registerClient({ audience: [mail], scope: "read rescind:read" });
  const forMail = await server.clientToken(client, { resource: mail });
  const both = await server.clientToken(client);
  const list = async (token: string) =>
    server.request("/admin/v1/clients", { headers: { authorization: `Bearer ${token}` } });
  const refused = await list(forMail);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate") ?? "", /invalid_token/);
  assert.equal((await list(both)).status, 200);
});

test("RFC 8707 2.2: refreshing keeps the grant's resource and cannot reach another", async () => {
  const client = await server.registerClient({ audience: [orders, mail] });
  const opened = await server.openGrant(client, "usr_ida", { resource: orders });
  assert.equal((await server.introspect(String(opened.access_token))).aud, orders);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const elsewhere = await server.form("/oauth2/token", { ...form, resource: mail }, client);
  assert.equal(elsewhere.json.error, "invalid_target");
  const { json } = await server.form("/oauth2/token", { ...form, resource: orders }, client);
  assert.equal((await server.introspect(String(json.access_token))).aud, orders);
});

test("RV-16 a resource taken from the client is not refreshed any more", async () => {
  const client = await server.registerClient({ audience: [orders, mail] });
  const opened = await server.openGrant(client, "usr_jan", { resource: orders });
  const changed = await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, { audience: [mail] });
  assert.equal(changed.status, 200);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const asked = await server.form("/oauth2/token", { ...form, resource: orders }, client);
  assert.equal(asked.json.error, "invalid_target");
  const silent = await server.form("/oauth2/token", form, client);
  const seen =
    silent.status === 200 ? (await server.introspect(String(silent.json.access_token))).aud : undefined;
  assert.notEqual(seen, orders);
});
