// `rescind login` with a real server and a person at a browser: signed in, used, refreshed, taken back.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loginPath, readLogin, writeLogin } from "../../packages/cli/src/login-file.ts";
import { type Ending, type Running, rescind, start } from "../../packages/cli/test/command.ts";
import { createPerson } from "../person.ts";
import { startTestServer, type TestServer } from "../running-server.ts";

const password = "correct horse battery";
const home = mkdtempSync(join(tmpdir(), "rescind-login-e2e-"));
let server: TestServer;
let people = 0;

before(async () => {
  server = await startTestServer();
});
after(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

/** A person with these roles and a home directory of their own. */
async function newPerson(...roles: string[]) {
  const username = `person-${++people}`;
  const { json } = await server.admin("POST", "/admin/v1/users", { username, password, roles });
  const env = { XDG_CONFIG_HOME: join(home, username) };
  const surroundings = { cwd: home, env };
  return {
    sub: String(json.sub),
    who: { username, password },
    env,
    start: (): Running => start(["login", "--server", server.issuer], surroundings),
    run: (...args: string[]): Promise<Ending> => rescind([...args, "--server", server.issuer], surroundings),
    kept: () => readLogin(loginPath(server.issuer, env)),
  };
}

async function urlOf(running: Running): Promise<URL> {
  const [url] = await running.said(/http\S+\/oauth2\/authorize\?\S+/);
  return new URL(url);
}

async function signIn(person: Awaited<ReturnType<typeof newPerson>>): Promise<Ending> {
  const running = person.start();
  const url = await urlOf(running);
  const callback = new URL(url.searchParams.get("redirect_uri") ?? "");
  const browser = createPerson(server.issuer, callback.origin);
  const page = await browser.signIn(url, person.who);
  assert.equal(page.status, 200, page.text);
  return running.ended;
}

async function isActive(token: string | undefined): Promise<boolean> {
  return (await server.introspect(token ?? "")).active === true;
}

describe("a login", () => {
  test("gives the commands what the person's roles allow, and nothing else", async () => {
    const viewer = await newPerson("viewer");
    const { status, stdout, stderr } = await signIn(viewer);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(` as ${viewer.who.username}: .*rescind:account rescind:read$`, "m"));
    const { accessToken = "", refreshToken = "" } = viewer.kept() ?? {};
    for (const secret of [accessToken, refreshToken])
      assert.ok(secret.length > 20 && !`${stdout}${stderr}`.includes(secret), "WEB-16");
    const list = await viewer.run("users", "list", "--username", viewer.who.username, "--json");
    assert.equal(JSON.parse(list.stdout).items[0].sub, viewer.sub);
    const refused = await viewer.run("users", "create", "somebody");
    assert.deepEqual([refused.status, /rescind:admin/.test(refused.stderr)], [1, true], refused.stderr);
    const administrator = await newPerson("administrator");
    await signIn(administrator);
    assert.equal((await administrator.run("users", "create", "somebody")).status, 0);
  });

  test("is refreshed when its token has ended", async () => {
    const person = await newPerson("viewer");
    await signIn(person);
    const first = person.kept();
    assert.ok(first !== undefined);
    writeLogin(loginPath(server.issuer, person.env), { ...first, expiresAtMs: Date.now() - 1 });
    assert.equal((await person.run("users", "list")).status, 0);
    assert.notEqual(person.kept()?.accessToken, first.accessToken);
    assert.equal(await isActive(person.kept()?.accessToken), true);
  });

  test("ends with logout, and with another login", async () => {
    const person = await newPerson("viewer");
    await signIn(person);
    const first = person.kept();
    await signIn(person);
    const second = person.kept();
    assert.deepEqual(
      [await isActive(first?.accessToken), await isActive(second?.accessToken)],
      [false, true],
    );
    assert.equal((await person.run("logout")).status, 0);
    assert.deepEqual(
      [await isActive(second?.accessToken), await isActive(second?.refreshToken)],
      [false, false],
    );
    assert.equal(person.kept(), undefined);
    const { status, stderr } = await person.run("users", "list");
    assert.deepEqual([status, /rescind login/.test(stderr)], [1, true]);
  });

  test("RV-16 ends when its person is disabled", async () => {
    const person = await newPerson("viewer");
    await signIn(person);
    await server.admin("PATCH", `/admin/v1/users/${person.sub}`, { status: "disabled" });
    assert.equal((await person.run("users", "list")).status, 1);
  });
});

test("AC-09 an answer with another state, path or issuer is not taken for this login's", async () => {
  const person = await newPerson("viewer");
  const running = person.start();
  const url = await urlOf(running);
  const callback = new URL(url.searchParams.get("redirect_uri") ?? "");
  const state = url.searchParams.get("state") ?? "";
  for (const path of ["/callback?code=x&state=made-up", `/?code=x&state=${state}`, "/favicon.ico"])
    assert.equal((await fetch(callback.origin + path)).status, 404, path);
  const query = new URLSearchParams({ code: "x", state, iss: "https://another.example" });
  assert.equal((await fetch(`${callback}?${query}`)).status, 200);
  const { status, stderr } = await running.ended;
  assert.deepEqual([status, /came from another server/.test(stderr)], [1, true], stderr);
  assert.equal(person.kept(), undefined);
});

test("a refusal at the server ends the waiting with its words", async () => {
  const person = await newPerson("viewer");
  const running = person.start();
  const url = await urlOf(running);
  const callback = new URL(url.searchParams.get("redirect_uri") ?? "");
  url.searchParams.set("prompt", "none");
  await createPerson(server.issuer, callback.origin).open(url);
  const { status, stderr } = await running.ended;
  assert.deepEqual([status, /refused: .*sign in/i.test(stderr)], [1, true], stderr);
});
