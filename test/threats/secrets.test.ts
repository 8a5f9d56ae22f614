// E2, RT-11, WEB-16: after a busy run with the log at debug, no secret that was issued is in any file of the data
// directory (admin.json and master.key apart), in the log, in the metrics, on the feed or in a list. WEB-22: the first
// start. WEB-27: the log and the audit chain cannot be forged by what clients send.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { exchangeTokenTypes, tokenExchangeGrant } from "@rescind/core";
import { backUp, readConfiguration } from "@rescind/server";
import { startServerProcess } from "../faults/server-process.ts";
import { basic, startTestServer } from "../running-server.ts";

const form = { "content-type": "application/x-www-form-urlencoded" };

/** A short life of everything, with errors of every sort; gathers each secret that was ever sent or received. */
async function busyRun(
  server: Awaited<ReturnType<typeof startServerProcess>>,
  secrets: Set<string>,
): Promise<void> {
  const keep = (value: unknown): string => {
    secrets.add(String(value));
    return String(value);
  };
  // Nobody listens there: attempts fail, and are logged and listed.
  const hook = await server.admin("POST", "/admin/v1/subscriptions", { url: "http://127.0.0.1:9/hook" });
  keep(String(hook.json.secret).slice("whsec_".length));
  for (const access_token_format of ["jwt", "opaque"]) {
    const client = await server.registerClient({
      access_token_format,
      grant_types: ["client_credentials", "refresh_token", tokenExchangeGrant],
    });
    keep(client.client_secret);
    const { json: second } = await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`);
    keep(second.client_secret);
    const rotated = await server.admin("POST", `/admin/v1/keys/${second.key_id}/rotate`);
    keep(rotated.json.client_secret);
    const imported = await server.admin("POST", "/admin/v1/tokens/import", {
      token: keep(`made-elsewhere-${crypto.randomUUID()}`),
      client_id: client.client_id,
      subject: "usr_elsewhere",
      expires_at: new Date(Date.now() + 600_000).toISOString(),
    });
    assert.equal(imported.status, 201, imported.text);
    const idempotent = await server.ask(
      "POST",
      "/admin/v1/grants",
      {
        authorization: `Bearer ${await server.adminToken()}`,
        "content-type": "application/json",
        "idempotency-key": keep(`key-${crypto.randomUUID()}`),
      },
      JSON.stringify({ client_id: client.client_id, subject: "usr_again" }),
    );
    keep(idempotent.json.access_token);
    keep(idempotent.json.refresh_token);
    for (let i = 0; i < 5; i++) {
      const own = keep(await server.clientToken(client));
      const opened = await server.openGrant(client, `usr_${i}`);
      keep(opened.access_token);
      const exchanged = await server.form(
        "/oauth2/token",
        {
          ...{ grant_type: tokenExchangeGrant, subject_token: String(opened.access_token), actor_token: own },
          ...{ subject_token_type: exchangeTokenTypes.accessToken },
          ...{ actor_token_type: exchangeTokenTypes.accessToken },
        },
        client,
      );
      keep(exchanged.json.access_token ?? assert.fail(exchanged.text));
      let refresh = keep(opened.refresh_token);
      for (let step = 0; step < 3; step++) {
        const asked = { grant_type: "refresh_token", refresh_token: refresh };
        const { json } = await server.form("/oauth2/token", asked, client);
        await server.form("/oauth2/token", asked, client);
        keep(json.access_token);
        refresh = keep(json.refresh_token);
      }
      await server.form(
        "/oauth2/token",
        { grant_type: "refresh_token", refresh_token: opened.refresh_token },
        client,
      );
      await server.form("/oauth2/introspect", { token: own }, client);
      await server.form(
        "/oauth2/introspect",
        { token: own },
        { ...client, client_secret: keep(`wrong-${crypto.randomUUID()}`) },
      );
      await server.form("/oauth2/revoke", { token: refresh, token_type_hint: own }, client);
      await server.form(`/oauth2/revoke?token=${own}`, { token: own, cascade: own }, client);
      await server.ask("GET", `/oauth2/revoke?token=${own}&callback=x`);
      await server.ask("GET", `/admin/v1/clients?access_token=${own}`, { authorization: `Bearer ${own}` });
      await server.ask("GET", `/nothing/${own}`, { cookie: `token=${own}`, referer: own, "user-agent": own });
      await server.ask(
        "POST",
        "/oauth2/token",
        { ...form, authorization: basic(own, own) },
        `client_secret=${own}&%zz`,
      );
      await server.ask("POST", "/oauth2/token", { "content-type": own }, own);
      await server.admin("POST", "/admin/v1/revocations", { select: { token: own }, dry_run: true });
      await server.admin("POST", "/admin/v1/revocations", { select: { token: own } });
      await server.admin("POST", "/admin/v1/revocations", { select: { token: own, token_id: own } });
      await server.admin("POST", "/admin/v1/grants", { client_id: own, subject: own, [own]: own });
    }
  }
}

/** Every file below a folder but the two that may hold a usable secret. */
function filesOf(data: string): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !["admin.json", "master.key"].includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A backup's lines, and what stands in it as bytes. */
async function backupOf(data: string): Promise<[string, string][]> {
  const folder = mkdtempSync(join(tmpdir(), "rescind-backup-"));
  try {
    const { path } = await backUp(`sqlite:${join(data, "rescind.db")}`, folder);
    const text = gunzipSync(readFileSync(path)).toString();
    const cells = text.match(/"[A-Za-z0-9+/]+={0,2}"/g) ?? [];
    const bytes = cells.map((cell) => Buffer.from(cell.slice(1, -1), "base64").toString("latin1"));
    assert.ok(bytes.length > 100 && text.includes("usr_again"), "the backup is searched");
    return [
      ["the backup", text],
      ["the backup's bytes", bytes.join("\n")],
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("E2, RT-11, WEB-16, WEB-26 no secret that was issued or sent stands in a file, a backup, the log, the metrics, the feed or a list", async () => {
  const server = await startServerProcess({ flags: ["--log-level", "debug"] });
  try {
    const secrets = new Set<string>([server.adminClient.client_secret, await server.adminToken()]);
    await busyRun(server, secrets);
    const masterKey = readFileSync(join(server.data, "master.key"), "utf8").trim();
    secrets.add(masterKey);
    assert.ok(secrets.size > 80);

    const feed = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
    const authorization = `Bearer ${await server.clientToken(feed)}`;
    const places: [string, string][] = [["the log", server.output]];
    places.push(["metrics", (await server.ask("GET", "/metrics")).text]);
    places.push(["the feed", (await server.ask("GET", "/revocations?limit=10000", { authorization })).text]);
    for (const list of [
      "clients",
      "grants",
      "tokens",
      "revocations",
      "audit",
      "settings",
      "signing-keys",
      "verifiers",
      "resources",
      "subscriptions",
      "deliveries",
    ])
      places.push([
        list,
        (await server.admin("GET", `/admin/v1/${list}${list === "settings" ? "" : "?limit=1000"}`)).text,
      ]);
    const files = filesOf(server.data);
    assert.ok(files.some((file) => file.endsWith("-wal")) && files.some((file) => file.endsWith(".db")));
    for (const file of files) places.push([file, readFileSync(file, "latin1")]);
    places.push(...(await backupOf(server.data)));
    assert.ok(server.output.includes('"route":"/oauth2/token"'), "the log is at debug");
    assert.ok(
      places.some(([place, text]) => files.includes(place) && text.includes("usr_again")),
      "files are searched",
    );

    // What stands there is the text, its signature alone, or its bytes; or the master key as bytes.
    for (const secret of secrets)
      for (const needle of [
        secret,
        secret.slice(secret.lastIndexOf(".") + 1),
        encodeURIComponent(secret),
        Buffer.from(secret).toString("base64url"),
      ])
        for (const [place, text] of places)
          assert.ok(!text.includes(needle), `${needle.slice(0, 12)}… stands in ${place}`);
    const keyBytes = Buffer.from(masterKey, "base64url").toString("latin1");
    for (const [place, text] of places)
      assert.ok(!text.includes(keyBytes), `the master key stands in ${place}`);
    for (const [place, text] of places)
      assert.ok(!/PRIVATE KEY|"d":"[\w-]{20,}"/.test(text), `a private key in ${place}`);

    server.signal("SIGTERM");
    assert.deepEqual(await server.ended, { code: 0, signal: null });
    for (const file of filesOf(server.data)) {
      const text = readFileSync(file, "latin1");
      for (const secret of secrets) assert.ok(!text.includes(secret), `after the stop in ${file}`);
    }
  } finally {
    await server.close();
  }
});

test("WEB-27 every line of the log is one JSON object, whatever clients send, and the audit chain holds what they sent as text", async () => {
  const server = await startServerProcess({ flags: ["--log-level", "debug"] });
  try {
    const client = await server.registerClient();
    const forged = '{"level":50,"msg":"forged"}';
    const injected = encodeURIComponent(`x\r\n${forged}\n`);
    await server.ask("GET", `/${injected}`);
    await server.ask("GET", `/admin/v1/clients/${injected}`, {
      authorization: `Bearer ${await server.adminToken()}`,
    });
    await server.ask(
      "POST",
      "/oauth2/token",
      { ...form, "x-request-id": forged },
      `client_id=${injected}&client_secret=${injected}`,
    );
    await server.ask("POST", "/oauth2/token", form, `grant_type=${injected}`);
    await server.form("/oauth2/revoke", { token: `\n${forged}\n`, cascade: `\n${forged}` }, client);
    for (const note of [`a\r\n${forged}`, "a\u2028b", "\u001b[2J"])
      assert.equal(
        (await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_x" }, note })).status,
        400,
      );
    const kept = { select: { subject: "usr_x" }, note: forged };
    assert.equal((await server.admin("POST", "/admin/v1/revocations", kept)).status, 201);
    const lines = server.output.trimEnd().split("\n");
    assert.ok(lines.length > 8);
    for (const line of lines) {
      const { msg, level } = JSON.parse(line) as { msg?: unknown; level?: unknown }; // pino's lines
      assert.ok(typeof level === "number" && msg !== "forged", line);
    }
    const { json } = await server.admin("GET", "/admin/v1/audit?limit=1000");
    const items = json.items as { number: number; content: object }[]; // the contract's AuditItem
    assert.deepEqual(
      items.map(({ number }) => number),
      items.map((_, index) => items.length - index),
    );
    assert.ok(items.some(({ content }) => JSON.stringify(content).includes(JSON.stringify(forged))));
  } finally {
    await server.close();
  }
});

test("WEB-22 the first start makes a secret of its own that only the owner can read; there is no default", async () => {
  const [a, b] = [await startTestServer(), await startTestServer()];
  try {
    assert.notEqual(a.adminSecret, b.adminSecret);
    assert.match(a.adminSecret, /^rcs_[0-9A-Za-z]{60}$/);
    assert.equal(statSync(a.data).mode & 0o777, 0o700);
    for (const file of ["admin.json", "master.key"])
      assert.equal(statSync(join(a.data, file)).mode & 0o777, 0o600, file);
    for (const client_secret of ["admin", "", "password", "changeit", "secret", b.adminSecret]) {
      const asked = { grant_type: "client_credentials", client_id: "admin", client_secret };
      assert.equal((await a.form("/oauth2/token", asked)).status, 401, client_secret);
    }
    for (const secret of ["admin", "x".repeat(31)])
      assert.throws(() => readConfiguration([], { RESCIND_ADMIN_SECRET: secret }), /32 characters/);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
});

test("WEB-22 a data directory that others could read is closed at the start", async () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  chmodSync(data, 0o755);
  const server = await startServerProcess({ data, flags: ["--log-level", "error"] });
  try {
    assert.equal(statSync(data).mode & 0o777, 0o700);
  } finally {
    await server.close();
    rmSync(data, { recursive: true, force: true });
  }
});
