// A database that was served under one issuer is not served under another: entries name their units by the issuer, so that
// what was revoked would have lived again (FAULTS A5), and JWTs would have lost their issuer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServer } from "../running-server.ts";

test("A5 another issuer is refused at the start, in words, and the first one finds everything as it was", async (t) => {
  const server = await startTestServer();
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const [revoked, live] = [await server.clientToken(client), await server.clientToken(client)];
  await server.form("/oauth2/revoke", { token: revoked }, client);
  await assert.rejects(server.restart(["--issuer", "http://127.0.0.1:1/other"]), (error: Error) =>
    error.message.includes(`belongs to the issuer ${server.issuer}`),
  );
  await server.restart(["--issuer", server.issuer]);
  assert.equal((await server.introspect(revoked)).active, false);
  assert.equal((await server.introspect(live)).active, true);
});
