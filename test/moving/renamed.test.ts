// A server on this machine whose database moves along to another issuer, since its port or its name was chosen anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServer } from "../running-server.ts";

test("A5 what was revoked under an issuer on loopback stays revoked under the next one, suspensions too; the rest lives on", async (t) => {
  const server = await startTestServer();
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const suspended = await server.registerClient();
  const issue = async (of = client): Promise<string> => {
    const { json } = await server.form("/oauth2/token", { grant_type: "client_credentials" }, of);
    return String(json.access_token);
  };
  const isActive = async (token: string): Promise<unknown> => (await server.introspect(token)).active;
  const [revoked, live, later] = [await issue(), await issue(), await issue()];
  await server.form("/oauth2/revoke", { token: revoked }, client);
  const { client_id } = suspended;
  const ordered = await server.admin("POST", `/admin/v1/clients/${client_id}/revoke`);
  assert.equal(ordered.json.status, "revoked", ordered.text);
  assert.deepEqual([await isActive(revoked), await isActive(live)], [false, true]);
  for (const name of ["localhost", "127.0.0.1"]) {
    const { port } = new URL(server.base);
    await server.restart(["--issuer", `http://${name}:${port}`]);
    assert.deepEqual([await isActive(revoked), await isActive(live)], [false, true], name);
    const { status } = await server.form("/oauth2/token", { grant_type: "client_credentials" }, suspended);
    assert.equal(status, 401);
    if (name === "localhost") await server.form("/oauth2/revoke", { token: later }, client);
    assert.equal(await isActive(later), false);
  }
});
