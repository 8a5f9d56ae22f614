// The first way in: the user `admin` and the link in DIR/admin.json. CONTRACT.md section 2.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseToken } from "@rescind/core";
import { consoleTokens } from "../../../../test/console-login.ts";
import { freePort } from "../../../../test/free-port.ts";
import { peopleOf } from "../../../../test/people.ts";
import { createPerson } from "../../../../test/person.ts";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";

const serve = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url));
const password = "correct horse battery";

function adminFile(server: TestServer): Record<string, string> {
  return JSON.parse(readFileSync(join(server.data, "admin.json"), "utf8"));
}

async function onServer(check: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer();
  try {
    await check(server);
  } finally {
    await server.close();
  }
}

/** Opens a link and sets a password on its page. */
async function setPassword(server: TestServer, url: string | undefined, again = password) {
  const person = createPerson(server.issuer);
  const page = await person.open(url ?? "");
  if (page.forms.length === 0) return page;
  return person.submit(page, { password, again });
}

test("WEB-22 the first start makes one administrator, without a password, and a link that works once", () =>
  onServer(async (server) => {
    const file = adminFile(server);
    assert.deepEqual(Object.keys(file), ["issuer", "client_id", "client_secret", "username", "setup_url"]);
    assert.equal(statSync(join(server.data, "admin.json")).mode & 0o777, 0o600);
    assert.equal(file.username, "admin");
    const { items } = (await server.admin("GET", "/admin/v1/users")).json;
    const [user, ...others] = items as Record<string, unknown>[];
    assert.deepEqual([user?.username, user?.roles, user?.has_password], ["admin", ["administrator"], false]);
    assert.deepEqual(others, []);
    for (const guess of ["admin", "", "password", server.adminSecret])
      await assert.rejects(consoleTokens(server, { username: "admin", password: guess }), guess);

    await setPassword(server, file.setup_url);
    assert.equal("setup_url" in adminFile(server), false);
    const { json } = await consoleTokens(server, { username: "admin", password });
    assert.match(String(json.scope), /rescind:admin/);
    const listed = await server.request("/admin/v1/users", {
      headers: { authorization: `Bearer ${json.access_token}` },
    });
    assert.equal(listed.status, 200);
    assert.equal((await setPassword(server, file.setup_url, "another one")).status, 400);
    assert.equal((await consoleTokens(server, { username: "admin", password })).status, 200);
  }));

test("the next start keeps a link that works and takes away one that is too old; it makes no second user", () =>
  onServer(async (server) => {
    const first = adminFile(server);
    await server.restart();
    assert.deepEqual(adminFile(server), first);
    const people = await peopleOf(server);
    const { rowId = "0" } = parseToken(new URL(first.setup_url ?? "").searchParams.get("link") ?? "") ?? {};
    const { link, digest } = await people.store.findSetupLink(rowId);
    assert.ok(link !== undefined && digest !== undefined);
    assert.equal(link.expiresAt - link.issuedAt, 3600);
    const past = { issuedAt: link.issuedAt - 7200, expiresAt: link.expiresAt - 7200 };
    await people.store.putSetupLink({ ...link, ...past }, digest);
    await people.close();
    assert.equal((await setPassword(server, first.setup_url)).status, 400);
    await server.restart();
    const { setup_url: _, ...rest } = first;
    assert.deepEqual(adminFile(server), rest);
    const users = await server.admin("GET", "/admin/v1/users");
    assert.equal((users.json.items as unknown[]).length, 1);
  }));

test("a link that an administrator makes ends the one in the file; a new password by it ends what was there", () =>
  onServer(async (server) => {
    const { setup_url: first } = adminFile(server);
    const { items } = (await server.admin("GET", "/admin/v1/users")).json;
    const path = `/admin/v1/users/${(items as { sub: string }[])[0]?.sub}`;
    const second = await server.admin("POST", `${path}/setup-link`);
    assert.equal(second.status, 201);
    assert.equal("setup_url" in adminFile(server), false);
    assert.equal((await setPassword(server, first)).status, 400);
    await setPassword(server, String(second.json.setup_url));
    const { json: tokens } = await consoleTokens(server, { username: "admin", password });
    const third = await server.admin("POST", `${path}/setup-link`);
    assert.equal((await server.introspect(String(tokens.access_token))).active, true);
    await setPassword(server, String(third.json.setup_url));
    assert.equal((await server.introspect(String(tokens.access_token))).active, false);
  }));

test("a link is no longer good when its person was revoked, disabled or given a password meanwhile", () =>
  onServer(async (server) => {
    const changes: [string, (sub: string) => Promise<unknown>][] = [
      ["revoked", (subject) => server.admin("POST", "/admin/v1/revocations", { select: { subject } })],
      ["disabled", (sub) => server.admin("PATCH", `/admin/v1/users/${sub}`, { status: "disabled" })],
      ["deleted", (sub) => server.admin("DELETE", `/admin/v1/users/${sub}`)],
      ["given a password", (sub) => server.admin("PATCH", `/admin/v1/users/${sub}`, { password })],
    ];
    for (const [username, change] of changes) {
      const { json } = await server.admin("POST", "/admin/v1/users", { username });
      const link = await server.admin("POST", `/admin/v1/users/${json.sub}/setup-link`);
      await change(String(json.sub));
      assert.equal((await setPassword(server, String(link.json.setup_url))).status, 400, username);
    }
  }));

test("a start that ended before it wrote the file is made good by the next", () =>
  onServer(async (server) => {
    const { username: _, setup_url: first, ...rest } = adminFile(server);
    writeFileSync(join(server.data, "admin.json"), JSON.stringify(rest));
    await server.restart();
    const { username, setup_url: second } = adminFile(server);
    assert.equal(username, "admin");
    assert.notEqual(second, first);
    await setPassword(server, second);
    assert.equal((await consoleTokens(server, { username: "admin", password })).status, 200);
  }));

test("E2 WEB-16 where no terminal reads along, the link is named by its file and never printed", async () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-first-"));
  const flags = ["--port", String(await freePort()), "--data", data, "--log-level", "debug"];
  const child = spawn(process.execPath, ["--conditions=source", serve, "serve", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    let printed = "";
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
    const served = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
          printed += text;
          if (printed.includes("admin.json")) resolve();
        });
    });
    await Promise.race([served, ended]);
    child.kill("SIGTERM");
    await ended;
    const { setup_url: url, client_secret: secret } = JSON.parse(
      readFileSync(join(data, "admin.json"), "utf8"),
    );
    assert.ok(printed.includes(join(data, "admin.json")), printed);
    for (const hidden of [url, secret, "rsl_", "rcs_"]) assert.ok(!printed.includes(hidden));
  } finally {
    child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  }
});
