// What is kept of a login, and what is done with it, against a server that answers as told.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { type Login, loginPath, readLogin, writeLogin } from "../src/login-file.ts";
import { rescind } from "./command.ts";

const home = mkdtempSync(join(tmpdir(), "rescind-login-"));
const env = { XDG_CONFIG_HOME: join(home, "config") };
const secrets = ["rat_first", "rrt_first", "rat_second", "rrt_second"];
let server: Server;
let base = "";
let seen: string[] = [];
let tokenAnswer: [number, object] = [500, {}];

before(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push(`${request.url} ${request.headers.authorization ?? ""} ${body}`);
    const isToken = request.url === "/token";
    const [status, json] = isToken ? tokenAnswer : [200, { items: [], next: null }];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is always this
  base = `http://127.0.0.1:${port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
});

/** A login whose token lives for so many more seconds. */
function kept(seconds: number, facts: Partial<Login> = {}): string {
  const path = loginPath(base, env);
  writeLogin(path, {
    server: base,
    tokenEndpoint: `${base}/token`,
    revocationEndpoint: `${base}/revoke`,
    accessToken: "rat_first",
    refreshToken: "rrt_first",
    expiresAtMs: Date.now() + seconds * 1000,
    scope: "rescind:read",
    ...facts,
  });
  return path;
}

async function listUsers(more: Record<string, string> = {}) {
  const ending = await rescind(["users", "list", "--server", base, "--json"], {
    cwd: home,
    env: { ...env, ...more },
  });
  for (const secret of secrets) assert.ok(!`${ending.stdout}${ending.stderr}`.includes(secret), "WEB-16");
  return ending;
}

test("a login is kept for one server, for its owner only, and whole", () => {
  const path = kept(900);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  assert.equal(readLogin(path)?.accessToken, "rat_first");
  assert.notEqual(loginPath(`${base}/other`, env), path);
  assert.equal(readLogin(loginPath(`${base}/other`, env)), undefined);
  assert.equal(readdirSync(join(path, "..")).length, 1);
  assert.equal(loginPath(base, { HOME: "/home/ada" }).startsWith("/home/ada/.config/rescind/"), true);
});

describe("the token of a login", () => {
  test("is what commands use where there is nothing else", async () => {
    kept(900);
    assert.equal((await listUsers()).status, 0);
    assert.deepEqual(seen, ["/admin/v1/users Bearer rat_first "]);
  });

  test("comes after RESCIND_ADMIN_TOKEN", async () => {
    kept(900);
    await listUsers({ RESCIND_ADMIN_TOKEN: "rat_given" });
    assert.deepEqual(seen, ["/admin/v1/users Bearer rat_given "]);
  });

  test("is refreshed when it is about to end, and the new one is kept", async () => {
    const path = kept(10);
    tokenAnswer = [
      200,
      { access_token: "rat_second", refresh_token: "rrt_second", expires_in: 900, scope: "rescind:read" },
    ];
    assert.equal((await listUsers()).status, 0);
    assert.deepEqual(seen, [
      "/token  grant_type=refresh_token&refresh_token=rrt_first&client_id=console",
      "/admin/v1/users Bearer rat_second ",
    ]);
    const login = readLogin(path);
    assert.deepEqual([login?.accessToken, login?.refreshToken], ["rat_second", "rrt_second"]);
    assert.ok((login?.expiresAtMs ?? 0) > Date.now() + 800_000);
  });

  test("that has ended is forgotten, with a word on what to do", async () => {
    const path = kept(-10);
    tokenAnswer = [400, { error: "invalid_grant" }];
    const { status, stderr } = await listUsers();
    assert.equal(status, 1);
    assert.match(stderr, /has ended: run rescind login --server/);
    assert.equal(readLogin(path), undefined);
  });

  test("that cannot be refreshed now is kept", async () => {
    const path = kept(-10);
    tokenAnswer = [503, { error: "temporarily_unavailable" }];
    assert.equal((await listUsers()).status, 1);
    assert.equal(readLogin(path)?.refreshToken, "rrt_first");
  });
});

test("logout revokes the refresh token and forgets the login; without one it says so", async () => {
  const path = kept(900);
  const { status } = await rescind(["logout", "--server", base], { cwd: home, env });
  assert.equal(status, 0);
  assert.deepEqual(seen, ["/revoke  token=rrt_first&client_id=console"]);
  assert.equal(readLogin(path), undefined);
  const again = await rescind(["logout", "--server", base], { cwd: home, env });
  assert.deepEqual([again.status, /nobody is logged in/.test(again.stderr)], [1, true]);
});

test("a file that was cut off is named and not quoted", async () => {
  const path = kept(900);
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, whole.slice(0, -20));
  const { status, stderr } = await listUsers();
  assert.equal(status, 1);
  assert.ok(stderr.includes(path));
});
