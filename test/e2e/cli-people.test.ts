// The command line's verbs about people and signing keys, against a running server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Ending, rescind } from "../../packages/cli/test/command.ts";
import { startTestServer, type TestServer } from "../running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

function run(args: readonly string[], input = ""): Promise<Ending> {
  return rescind([...args, "--data", server.data], { input });
}

type Json = Readonly<Record<string, unknown>>;

/** Runs with --json and returns what was printed; fails where the exit status is not 0. */
async function json(args: readonly string[], input?: string): Promise<Json> {
  const { status, stdout, stderr } = await run([...args, "--json"], input);
  assert.equal(status, 0, `rescind ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout) as Json; // an object by the contract
}

async function list(args: readonly string[]): Promise<readonly Json[]> {
  return (await json(args)).items as Json[]; // a list by the contract
}

describe("people", () => {
  test("users create takes a password from standard input only, and prints a setup link once asked", async () => {
    const user = await json(
      ["users", "create", "grace", "--roles", "viewer,operator", "--password", "-"],
      "a fine password\n",
    );
    assert.deepEqual([user.username, user.roles, user.has_password], ["grace", ["viewer", "operator"], true]);
    const linked = await json(["users", "create", "alan", "--email", "alan@example.com", "--setup-link"]);
    assert.deepEqual([linked.has_password, typeof linked.expires_at], [false, "string"]);
    assert.match(String(linked.setup_url), /\/setup\?link=rsl_/);
    for (const flag of ["--password", "--password-hash"]) {
      const { status, stderr } = await run(["users", "create", "x", flag, "on the command line"]);
      assert.deepEqual([status, /takes only -/.test(stderr)], [2, true]);
    }
    const { status, stderr } = await run(["users", "create", "grace"]);
    assert.deepEqual([status, /taken/.test(stderr)], [1, true]);
  });

  test("users list filters, users setup-link finds by name and by sub", async () => {
    const [grace] = await list(["users", "list", "--role", "operator"]);
    assert.equal(grace?.username, "grace");
    for (const user of ["Grace", String(grace?.sub)])
      assert.match(String((await json(["users", "setup-link", user])).setup_url), /rsl_/);
    const { status, stderr } = await run(["users", "setup-link", "nobody"]);
    assert.deepEqual([status, /no user nobody/.test(stderr)], [1, true]);
  });

  test("users sign-in tells how somebody signs in, users reset-factors takes the second step away", async () => {
    const shown = await json(["users", "sign-in", "grace"]);
    assert.deepEqual([shown.password, shown.totp, shown.passkeys], [true, null, []]);
    const text = await run(["users", "sign-in", "grace"]);
    assert.match(text.stdout, /authenticator app +none/);
    const asked = await run(["users", "reset-factors", "grace"]);
    assert.deepEqual([asked.status, /needs --yes/.test(asked.stderr)], [2, true]);
    const reset = await json(["users", "reset-factors", "grace", "--passkeys", "--yes"]);
    assert.deepEqual([reset.totp, reset.recovery_codes], [null, null]);
  });

  test("sessions list shows who is signed in", async () => {
    assert.deepEqual(await list(["sessions", "list", "--subject", "usr_nobody"]), []);
  });
});

test("signing-keys rotate publishes successors, and twice is once", async () => {
  const first = await list(["signing-keys", "rotate"]);
  const waiting = first.filter(({ status }) => status === "waiting");
  assert.deepEqual(waiting.map(({ use, alg }) => `${use} ${alg}`).sort(), [
    "access ES256",
    "id ES256",
    "id RS256",
  ]);
  assert.equal((await list(["signing-keys", "rotate", "--use", "id"])).length, first.length);
});
