// `rescind backup` beside a server under load, `rescind restore` in the place of its database: FD-11, A5, FAULTS row 9.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { databaseSettings, restore } from "@rescind/server";
import { startServerProcess } from "../faults/server-process.ts";
import { startVerifier, untilVerdict, verdict } from "../faults/verifier-world.ts";
import { prepareWorld } from "../fleet/world.ts";
import { stop, verb, verbEnding } from "./world.ts";

test("FD-11 A5 after a restore everything of before is refused at the server and at a verifier, by itself; suspensions stand", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server, server.issuer);
  const other = await server.registerClient();
  const verifier = await startVerifier(t, world, { maxStaleness: 3 });
  const file = join(server.data, "one.backup");

  // Issuing and revoking goes on while the backup is made.
  const over = new AbortController();
  const revoked: string[] = [];
  const load = (async () => {
    for (let i = 0; !over.signal.aborted; i++) {
      const { access_token } = await server.openGrant(world.app, `usr_${i}`);
      assert.equal((await server.form("/oauth2/revoke", { token: access_token }, world.app)).status, 200);
      revoked.push(access_token);
    }
  })();
  const kept = await server.openGrant(world.app, "usr_kept");
  const made = await verb(["backup", "--to", file], { data: server.data });
  over.abort();
  await load;
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(made.issuer, server.issuer);
  assert.deepEqual(await verdict(verifier, kept.access_token), "accepted");

  const late = await server.openGrant(world.app, "usr_late");
  assert.equal((await server.form("/oauth2/revoke", { token: late.refresh_token }, world.app)).status, 200);
  assert.equal((await server.admin("POST", `/admin/v1/clients/${other.client_id}/revoke`)).status, 200);
  await untilVerdict(verifier, late.access_token, "revoked");

  const running = await verbEnding(["restore", "--from", file, "--yes"], { data: server.data });
  assert.deepEqual(
    [running.status, /is in use: stop the server/.test(running.stderr)],
    [1, true],
    running.stderr,
  );
  await stop(server);
  const restored = await verb(["restore", "--from", file, "--yes"], { data: server.data });
  assert.ok(Number(restored.epoch_seq) > 2 ** 40, JSON.stringify(restored));
  assert.equal(typeof restored.rows, "number");
  const again = restored.ordered_again;
  assert.ok(Array.isArray(again) && again.includes(`client ${other.client_id}`), JSON.stringify(again));
  assert.ok(existsSync(String(restored.what_was_there)));

  await server.start();
  for (const token of [kept.access_token, late.access_token, ...revoked])
    assert.equal(await server.isActive(token), false);
  for (const token of [kept.access_token, late.access_token, ...revoked.slice(0, 3)])
    await untilVerdict(verifier, token, "revoked");
  assert.equal((await server.admin("GET", "/admin/v1/settings")).status, 401, "administration's tokens too");
  const refused = await server.form("/oauth2/token", { grant_type: "client_credentials" }, other);
  assert.equal(refused.json.error, "invalid_client", "the suspension that the backup did not know");
  const { status } = await server.admin("POST", `/admin/v1/clients/${other.client_id}/approve`);
  assert.equal(status, 200);
  assert.equal((await server.form("/oauth2/token", { grant_type: "client_credentials" }, other)).status, 200);
  const { access_token } = await server.openGrant(world.app, "usr_after");
  await untilVerdict(verifier, access_token, "accepted");
  const { json } = await server.admin("GET", "/admin/v1/audit/verify");
  assert.equal(json.broken_at, undefined);
});

test("a key that was revoked after the backup signs nothing more; no key of before does", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const kidsOf = async (): Promise<string[]> => {
    const { json } = await server.ask("GET", "/oauth2/jwks");
    return (json.keys as { kid: string }[]).map(({ kid }) => kid); // RFC 7517
  };
  const before = await kidsOf();
  const file = join(server.data, "one.backup");
  await verb(["backup", "--to", file], { data: server.data });
  const { json } = await server.admin("GET", "/admin/v1/signing-keys");
  const stolen = (json.items as { kid: string; use: string }[]).find(({ use }) => use === "access"); // the admin contract
  assert.equal(
    (await server.admin("POST", "/admin/v1/revocations", { select: { kid: stolen?.kid } })).status,
    201,
  );
  await stop(server);
  await verb(["restore", "--from", file, "--yes"], { data: server.data });
  await server.start();
  const after = await kidsOf();
  assert.equal(after.length, before.length);
  assert.deepEqual(
    after.filter((kid) => before.includes(kid)),
    [],
  );
});

test("--keep-tokens keeps them, begins an epoch all the same, and says what is undone", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server, server.issuer);
  const verifier = await startVerifier(t, world, { maxStaleness: 3 });
  const kept = await server.openGrant(world.app, "usr_kept");
  await verb(["backup", "--to", server.data], { data: server.data });
  const file =
    readdirSync(server.data).find((name) => name.endsWith(".backup")) ?? assert.fail("a named file");
  const undone = await server.openGrant(world.app, "usr_undone");
  assert.equal((await server.form("/oauth2/revoke", { token: kept.access_token }, world.app)).status, 200);
  await untilVerdict(verifier, kept.access_token, "revoked");
  await stop(server);
  const restored = await verb(["restore", "--from", join(server.data, file), "--keep-tokens", "--yes"], {
    data: server.data,
  });
  assert.match(String(restored.lost), /Undone is every revocation since the backup/);
  await server.start();
  assert.equal(await server.isActive(kept.access_token), true, "as was said");
  await untilVerdict(verifier, kept.access_token, "accepted");
  await untilVerdict(verifier, undone.access_token, "accepted");
  const answer = await server.form("/oauth2/revoke", { token: undone.access_token }, world.app);
  assert.ok(Number(answer.headers["rescind-seq"]) > Number(restored.epoch_seq));
  await untilVerdict(verifier, undone.access_token, "revoked");
});

test("a backup that was cut or changed is refused before anything is replaced, and one of another master key", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_1");
  assert.equal((await server.form("/oauth2/revoke", { token: access_token }, client)).status, 200);
  const file = join(server.data, "one.backup");
  await verb(["backup", "--to", file], { data: server.data });
  const again = await verbEnding(["backup", "--to", file], { data: server.data });
  assert.match(again.stderr, /exists: a backup is never written over/);
  await stop(server);
  const database = readFileSync(join(server.data, "rescind.db"));
  const changed = join(server.data, "changed.backup");
  const lines = gunzipSync(readFileSync(file)).toString().split("\n");
  const altered = (change: (line: string) => string, sign = false): void => {
    const text = lines.map(change);
    if (sign) text[text.length - 2] = withDigest(text.slice(0, -2), text.at(-2) ?? "");
    writeFileSync(changed, gzipSync(text.join("\n")));
  };
  const damages: [string, () => void, RegExp][] = [
    ["cut", () => truncateSync(changed, Math.floor(statSync(file).size / 2)), /not a whole backup/],
    ["a changed row", () => altered((line) => line.replace("usr_1", "usr_2")), /checksum does not fit/],
    [
      "a changed entry",
      () => altered((line) => line.replace('"revoke","token"', '"revoke","grant"'), true),
      /the entry 1 of the log does not fit/,
    ],
    [
      "a changed record",
      () => altered((line) => line.replace('"client.created"', '"client.changed"'), true),
      /audit record \d+ does not fit/,
    ],
    ["another file", () => writeFileSync(changed, "hello"), /not a whole backup/],
    ["no file", () => rmSync(changed), /cannot be read: ENOENT/],
  ];
  const configuration = (env: Record<string, string>) => databaseSettings({ data: server.data }, env);
  const verbOf = (from: string) => ({ from, keepTokens: false, replace: true });
  for (const [what, damage, said] of damages) {
    copyFileSync(file, changed);
    damage();
    const refused = restore(verbOf(changed), configuration({}), () => undefined);
    await assert.rejects(refused, { name: "StoreRefused", message: said }, what);
  }
  const env = { RESCIND_MASTER_KEY: Buffer.alloc(32, 7).toString("base64url") };
  const foreign = restore(verbOf(file), configuration(env), () => undefined);
  await assert.rejects(foreign, { name: "StoreRefused", message: /made under another master key/ });
  const unasked = await verbEnding(["restore", "--from", file], { data: server.data });
  assert.deepEqual([unasked.status, /needs --yes/.test(unasked.stderr)], [2, true]);
  assert.ok(readFileSync(join(server.data, "rescind.db")).equals(database), "nothing was touched");
});

/** The last line with the checksum of what was altered, as only somebody with intent would write it. */
function withDigest(before: readonly string[], end: string): string {
  const sha256 = createHash("sha256")
    .update(before.map((line) => `${line}\n`).join(""))
    .digest("base64url");
  return JSON.stringify({ ...JSON.parse(end), sha256 });
}
