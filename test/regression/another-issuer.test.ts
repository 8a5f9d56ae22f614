// Entries name their units by the issuer. A database that is served under another one must not forget what was revoked
// (FAULTS A5): on loopback, where the issuer follows the port, it moves along; anywhere else it is not served.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServer } from "../running-server.ts";

test("A5 on another port what was revoked or suspended stays so, and opaque tokens live on", async (t) => {
  const server = await startTestServer();
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const [revoked, live] = [await server.clientToken(client), await server.clientToken(client)];
  const suspended = await server.registerClient({ access_token_format: "opaque" });
  const held = await server.clientToken(suspended);
  await server.form("/oauth2/revoke", { token: revoked }, client);
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`);
  // The same port under another name: this machine is reached by both.
  await server.restart(["--issuer", server.issuer.replace("127.0.0.1", "localhost")]);
  assert.equal((await server.introspect(revoked)).active, false);
  assert.equal((await server.introspect(held)).active, false);
  assert.equal((await server.introspect(live)).active, true);
  const { json } = await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/approve`);
  assert.equal(json.status, "approved");
  assert.equal((await server.introspect(held)).active, true);
});

test("A5 a database of an issuer that others know is refused under another one, in words", async (t) => {
  const server = await startTestServer(["--issuer", "https://as.example"]);
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const token = await server.clientToken(client);
  await server.form("/oauth2/revoke", { token }, client);
  await assert.rejects(server.restart(["--issuer", "https://other.example"]), (error: Error) =>
    error.message.includes("belongs to the issuer https://as.example"),
  );
  await server.restart(["--issuer", "https://as.example"]);
  assert.equal((await server.introspect(token)).active, false);
});
