// FAULTS row 7: another process holds the write lock. Writes wait or are refused with 503, whole; reads go on.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { lockDatabase } from "./database-lock.ts";
import { startServerProcess } from "./server-process.ts";

test("FAULTS 7 a revocation waits for a lock that is held briefly, and reads go on meanwhile", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const token = await server.clientToken(client);

  const lock = await lockDatabase(join(server.data, "rescind.db"));
  const revocation = server.form("/oauth2/revoke", { token }, client);
  // One connection is busy with the revocation; these go by others.
  for (let i = 0; i < 5; i++) assert.equal(await server.isActive(token), true, "reads are not held up");
  await lock.release();
  assert.equal((await revocation).status, 200);
  assert.equal(await server.isActive(token), false);
});

test("FAULTS 7 A7 RV-01 RT-04 a lock held too long is a 503 that leaves nothing half done, and all is well afterwards", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "error"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const [first, second] = [await server.openGrant(client, "alice"), await server.openGrant(client, "bob")];

  const lock = await lockDatabase(join(server.data, "rescind.db"));
  const refused = await Promise.all([
    server.form("/oauth2/revoke", { token: first.refresh_token }, client),
    server.form(
      "/oauth2/token",
      { grant_type: "refresh_token", refresh_token: second.refresh_token },
      client,
    ),
    server.form("/oauth2/token", { grant_type: "client_credentials" }, client),
  ]);
  for (const { status, headers } of refused) {
    assert.equal(status, 503);
    assert.match(String(headers["retry-after"]), /^\d+$/);
  }
  for (const token of [first.access_token, first.refresh_token, second.access_token, second.refresh_token])
    assert.equal(await server.isActive(token), true, "a transaction that never began has no effect");
  await lock.release();

  assert.equal((await server.form("/oauth2/revoke", { token: first.refresh_token }, client)).status, 200);
  assert.equal(await server.isActive(first.access_token), false);
  assert.equal(await server.isActive(first.refresh_token), false);
  const again = { grant_type: "refresh_token", refresh_token: second.refresh_token };
  const refreshed = await server.form("/oauth2/token", again, client);
  assert.equal(refreshed.status, 200, "B3 a fault of the server's does not end a grant");
  assert.equal(await server.isActive(String(refreshed.json.access_token)), true);
  assert.equal(server.isRunning, true);
});
