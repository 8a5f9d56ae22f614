// FAULTS row 9, FD-11, A5: an older copy of the SQLite file is put in its place while the server is stopped. The server
// notices, and everything issued before ends, at the server and at verifiers that knew more.
import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startServerProcess } from "../faults/server-process.ts";
import { startVerifier, untilVerdict } from "../faults/verifier-world.ts";
import { prepareWorld } from "../fleet/world.ts";
import { stop, verb } from "./world.ts";

test("FAULTS 9 FD-11 A5 what was revoked, and all that was issued, is dead after an older copy was put back", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const file = join(server.data, "rescind.db");
  const world = await prepareWorld(server, server.issuer);
  const grant = await server.openGrant(world.app, "usr_before");
  await stop(server);
  copyFileSync(file, `${file}.copy`);

  await server.start();
  const verifier = await startVerifier(t, world, { maxStaleness: 3 });
  const revoked = await server.openGrant(world.app, "usr_revoked");
  const kept = await server.openGrant(world.app, "usr_kept");
  assert.equal((await server.form("/oauth2/revoke", { token: revoked.access_token }, world.app)).status, 200);
  await untilVerdict(verifier, revoked.access_token, "revoked");
  await untilVerdict(verifier, kept.access_token, "accepted");
  await stop(server);
  copyFileSync(`${file}.copy`, file);

  await server.start();
  assert.match(server.output, /came back from a backup/);
  for (const { access_token } of [revoked, kept, grant])
    assert.equal(await server.isActive(access_token), false);
  const refreshed = { grant_type: "refresh_token", refresh_token: grant.refresh_token };
  assert.equal((await server.form("/oauth2/token", refreshed, world.app)).json.error, "invalid_grant");
  for (const { access_token } of [revoked, kept, grant])
    await untilVerdict(verifier, access_token, "revoked");
  assert.equal((await server.admin("GET", "/admin/v1/settings")).status, 401, "administration's tokens too");
  const fresh = await server.openGrant(world.app, "usr_after");
  assert.equal(await server.isActive(fresh.access_token), true);
  await untilVerdict(verifier, fresh.access_token, "accepted");
  assert.match((await server.ask("GET", "/metrics")).text, /rescind_restores_total\{cause="behind"\} 1/);
  const { json } = await server.admin("GET", "/admin/v1/audit?action=restore");
  assert.equal((json.items as unknown[]).length, 1); // parsing boundary: the admin contract
  const before = server.output;
  await stop(server);
  await server.start();
  assert.equal(await server.isActive(fresh.access_token), true, "one restore, one epoch");
  assert.doesNotMatch(server.output.slice(before.length), /came back/);
});

test("FAULTS 8 after a crash an older copy may be damage: it is refused, and the way on is told", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const file = join(server.data, "rescind.db");
  const client = await server.registerClient();
  await stop(server);
  copyFileSync(file, `${file}.copy`);
  await server.start();
  const { access_token } = await server.openGrant(client, "usr_1");
  assert.equal((await server.form("/oauth2/revoke", { token: access_token }, client)).status, 200);
  // The mark is written at most a second later; a clean stop and start writes it now.
  await stop(server);
  await server.start();
  await server.kill();
  for (const leftover of [`${file}-wal`, `${file}-shm`]) rmSync(leftover, { force: true });
  copyFileSync(`${file}.copy`, file);
  await assert.rejects(server.start(), /older than it was.*rescind restore --in-place --database sqlite:/);
  await verb(["restore", "--in-place", "--yes"], { data: server.data });
  await server.start();
  assert.equal(await server.isActive(access_token), false);
  const { access_token: own } = (
    await server.form("/oauth2/token", { grant_type: "client_credentials" }, client)
  ).json;
  assert.equal(await server.isActive(String(own)), true);
});
