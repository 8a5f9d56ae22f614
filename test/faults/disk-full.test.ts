// FAULTS row 4: the disk is full. Issuing is refused with 503, reads go on, and revoking still works out of what was
// kept back for it; with room again everything goes on without a restart. The disk is a small tmpfs that only the
// server's process sees, so that nothing of it stays.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type RegisteredClient, type ServerProcess, startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const mostIssued = 5000;

test("FAULTS 4 A4 B3 on a full disk issuing is refused, reading and revoking go on, and room ends it", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "rescind-full-"));
  t.after(() => rmSync(data, { recursive: true }));
  const startedBy = ownMount(data);
  if (startedBy === undefined)
    return t.skip("mounting is not allowed here, not even in a namespace of its own");
  const server = await startServerProcess({ data, startedBy, flags: ["--log-level", "error"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const grants = await Promise.all(
    Array.from({ length: 24 }, (_, i) => server.openGrant(client, `subject-${i}`)),
  );
  const [kept, refreshed, ...revoked] = grants;
  assert.ok(kept !== undefined && refreshed !== undefined);

  fill(server);
  await issueUntilRefused(server, client);
  const refresh = { grant_type: "refresh_token", refresh_token: refreshed.refresh_token };
  await refuses(server, refresh, client);
  for (const { refresh_token, access_token } of revoked) {
    assert.equal((await server.form("/oauth2/revoke", { token: refresh_token }, client)).status, 200);
    assert.equal(await server.isActive(access_token), false, "in force before the answer");
    await refuses(server, { grant_type: "client_credentials" }, client);
  }
  assert.equal(await server.isActive(kept.access_token), true);
  assert.equal(
    (await server.ask("GET", "/readyz")).status,
    200,
    "what it can still do is worth being asked for",
  );
  assert.equal((await server.ask("GET", "/revocations/jwks")).status, 200);

  rmSync(server.seenByServer("ballast"));
  await until("issuing goes on", async () => (await issue(server, client)) === 200);
  assert.equal(server.isRunning, true);
  const answer = await server.form("/oauth2/token", refresh, client);
  assert.equal(answer.status, 200, "B3 a refusal for want of room does not spend the token");
  for (const { access_token } of revoked) assert.equal(await server.isActive(access_token), false);
  assert.equal(await server.isActive(kept.access_token), true);
  assert.equal(await server.isActive(String(answer.json.access_token)), true);
});

/** What starts a program with a tmpfs of its own over a directory; undefined where that is not allowed. */
function ownMount(directory: string): string[] | undefined {
  const mount = 'mount -t tmpfs -o size=32m tmpfs "$0" && exec "$@"';
  for (const unshare of [
    ["unshare", "--mount"],
    ["unshare", "--mount", "--map-root-user"],
  ]) {
    const startedBy = [...unshare, "sh", "-c", mount, directory];
    const [command = "", ...args] = [...startedBy, "true"];
    if (spawnSync(command, args).status === 0) return startedBy;
  }
  return undefined;
}

/** Writes a file that takes all that is left. */
function fill(server: ServerProcess): void {
  const file = openSync(server.seenByServer("ballast"), "w");
  for (let size = 1 << 20; size >= 1; ) {
    try {
      if (writeSync(file, Buffer.alloc(size)) < size) size >>= 1;
    } catch {
      size >>= 1;
    }
  }
  closeSync(file);
}

async function issue(server: ServerProcess, client: RegisteredClient): Promise<number> {
  return (await server.form("/oauth2/token", { grant_type: "client_credentials" }, client)).status;
}

/** The write-ahead log may have room left within its file. */
async function issueUntilRefused(server: ServerProcess, client: RegisteredClient): Promise<void> {
  for (let i = 0; i < mostIssued; i += 16) {
    const statuses = await Promise.all(Array.from({ length: 16 }, () => issue(server, client)));
    assert.deepEqual(
      statuses.filter((status) => status !== 200 && status !== 503),
      [],
    );
    if (statuses.includes(503)) return;
  }
  assert.fail(`${mostIssued} tokens were issued onto a full disk`);
}

async function refuses(
  server: ServerProcess,
  parameters: Record<string, string>,
  client: RegisteredClient,
): Promise<void> {
  const { status, headers } = await server.form("/oauth2/token", parameters, client);
  assert.equal(status, 503);
  assert.match(String(headers["retry-after"]), /^\d+$/);
}
