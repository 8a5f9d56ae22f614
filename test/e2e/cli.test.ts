// The command line against a running server: each verb, what it prints as JSON, and its exit status.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Ending, rescind } from "../../packages/cli/test/command.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";

let server: TestServer;
const printed: string[] = [];
before(async () => {
  server = await startTestServer();
});
after(async () => {
  await server.close();
  for (const text of printed)
    assert.equal(text.includes(server.adminSecret), false, "WEB-16 the admin secret was printed");
});

async function run(args: readonly string[], input?: string): Promise<Ending> {
  const ending = await rescind([...args, "--data", server.data], input === undefined ? {} : { input });
  printed.push(ending.stdout, ending.stderr);
  return ending;
}

type Json = Readonly<Record<string, unknown>>;

/** Runs with --json and returns what was printed; fails where the exit status is not 0. */
async function json(args: readonly string[], input?: string): Promise<Json> {
  const { status, stdout, stderr } = await run([...args, "--json"], input);
  assert.equal(status, 0, `rescind ${args.join(" ")}: ${stderr}`);
  const parsed: unknown = JSON.parse(stdout);
  assert.ok(isObject(parsed), stdout);
  return parsed;
}

/** The items of a list. */
async function list(args: readonly string[]): Promise<readonly Json[]> {
  const { items } = await json(args);
  assert.ok(Array.isArray(items) && items.every(isObject));
  return items;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

async function isActive(token: string | undefined): Promise<boolean> {
  return (await server.introspect(token ?? "")).active === true;
}

describe("one token", () => {
  let client: RegisteredClient;
  before(async () => {
    client = await server.registerClient();
  });

  test("introspect says what it is, by argument, by --token and from standard input", async () => {
    const token = await server.clientToken(client);
    for (const [args, input] of [[[token]], [["--token", token]], [["-"], `${token}\n`]] as const) {
      const answer = await json(["introspect", ...args], input);
      assert.deepEqual([answer.active, answer.client_id], [true, client.client_id]);
    }
  });

  test("introspect of anything else prints active false, with status 0", async () => {
    assert.deepEqual(await json(["introspect", "made-up"]), { active: false });
  });

  test("revoke by value ends it and nothing else, without asking", async () => {
    const [token, spared] = [await server.clientToken(client), await server.clientToken(client)];
    const receipt = await json(["revoke", token, "--reason", "token_leaked", "--note", "from the test"]);
    assert.match(String(receipt.id), /^rev_\d+$/);
    assert.equal(typeof receipt.seq, "number");
    assert.deepEqual([await isActive(token), await isActive(spared)], [false, true]);
    const [newest] = await list(["revocations", "list", "--limit", "1"]);
    assert.deepEqual(
      [newest?.id, newest?.reason, newest?.note],
      [receipt.id, "token_leaked", "from the test"],
    );
  });

  test("revoke by token id, and its lift brings it back", async () => {
    const token = await server.clientToken(client);
    const { jti } = await json(["introspect", token]);
    const { id } = await json(["revoke", "--token-id", String(jti)]);
    assert.equal(await isActive(token), false);
    await json(["lift", String(id)]);
    assert.equal(await isActive(token), true);
    const again = await run(["lift", String(id)]);
    assert.equal(again.status, 1, "a revocation that is lifted cannot be lifted again");
  });

  test("--final cannot be lifted", async () => {
    const token = await server.clientToken(client);
    const { id } = await json(["revoke", "-", "--final"], token);
    const { status } = await run(["lift", String(id)]);
    assert.deepEqual([status, await isActive(token)], [1, false]);
  });

  test("tokens list shows it by its id, never by value", async () => {
    const token = await server.clientToken(client);
    const { jti } = await server.introspect(token);
    const { stdout } = await run([
      "tokens",
      "list",
      "--client",
      client.client_id,
      "--status",
      "live",
      "--json",
    ]);
    assert.ok(stdout.includes(String(jti)));
    assert.equal(stdout.includes(token), false);
    const table = await run(["tokens", "list", "--client", client.client_id, "--limit", "1"]);
    assert.match(table.stdout, /^TOKEN +KIND +STATUS[^\n]+\ntid_\d+ .*\n\n1 as of .*; more with --cursor /);
  });
});

describe("more than one token", () => {
  let client: RegisteredClient;
  before(async () => {
    client = await server.registerClient();
  });

  test("without a terminal and --yes it is refused as wrong usage, and nothing changes", async () => {
    const tokens = await server.openGrant(client, "usr_ann");
    for (const args of [
      ["--subject", "usr_ann"],
      ["--grant", String(tokens.grant_id)],
      [String(tokens.refresh_token)],
    ]) {
      const { status, stdout, stderr } = await run(["revoke", ...args]);
      assert.deepEqual([status, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /--yes/);
    }
    assert.equal(await isActive(tokens.access_token), true);
  });

  test("a refresh token means its grant", async () => {
    const tokens = await server.openGrant(client, "usr_ben");
    await json(["revoke", String(tokens.refresh_token), "--yes"]);
    assert.deepEqual(
      [await isActive(tokens.access_token), await isActive(tokens.refresh_token)],
      [false, false],
    );
  });

  test("--dry-run counts and changes nothing", async () => {
    const tokens = await server.openGrant(client, "usr_cleo");
    const preview = await json(["revoke", "--subject", "usr_cleo", "--dry-run"]);
    assert.deepEqual(preview.affected, {
      grants: 1,
      access_tokens: 1,
      refresh_tokens: 1,
      sessions: 0,
      subscriptions: 0,
      exact: true,
    });
    assert.equal(preview.id, undefined);
    assert.equal(await isActive(tokens.access_token), true);
  });

  test("--max-affected refuses what reaches more, and nothing changes", async () => {
    const tokens = await server.openGrant(client, "usr_dan");
    const { status } = await run(["revoke", "--subject", "usr_dan", "--max-affected", "1", "--yes"]);
    assert.deepEqual([status, await isActive(tokens.access_token)], [1, true]);
  });

  test("--subject with --client spares what the subject gave others", async () => {
    const other = await server.registerClient();
    const mine = await server.openGrant(client, "usr_eve");
    const theirs = await server.openGrant(other, "usr_eve");
    await json(["revoke", "--subject", "usr_eve", "--client", client.client_id, "--yes"]);
    assert.deepEqual([await isActive(mine.access_token), await isActive(theirs.access_token)], [false, true]);
    await json(["revoke", "--subject", "usr_eve", "--yes"]);
    assert.equal(await isActive(theirs.access_token), false);
  });

  test("--cascade grant and subject_client reach further than the token", async () => {
    const first = await server.openGrant(client, "usr_fay");
    const second = await server.openGrant(client, "usr_fay");
    const access = String(first.access_token);
    await json(["revoke", access, "--cascade", "grant", "--yes"]);
    assert.deepEqual(
      [await isActive(first.refresh_token), await isActive(second.access_token)],
      [false, true],
    );
    await json(["revoke", String(second.access_token), "--cascade", "subject_client", "--yes"]);
    assert.equal(await isActive(second.refresh_token), false);
    const { status, stderr } = await run(["revoke", access, "--cascade", "grant", "--yes"]);
    assert.equal(status, 1);
    assert.match(stderr, /not active/);
  });

  test("--before spares what was authorised later", async () => {
    const tokens = await server.openGrant(client, "usr_gil");
    await json(["revoke", "--subject", "usr_gil", "--before", "2020-01-01T00:00:00Z", "--yes"]);
    assert.equal(await isActive(tokens.access_token), true);
  });

  test("bad input is refused with the field named, before anything is asked", async () => {
    for (const [args, field] of [
      [["--token-id", "x"], "token_id"],
      [["--subject", "u", "--before", "yesterday"], "before"],
      [["--grant", "gnt_1", "--before", "2020-01-01T00:00:00Z"], "before"],
      [["--subject", "u", "--reason", "because"], "reason"],
    ] as const) {
      const { status, stderr } = await run(["revoke", ...args]);
      assert.equal(status, 1, stderr);
      assert.ok(stderr.includes(field), `${stderr} does not name ${field}`);
    }
  });
});

describe("clients, keys and resources", () => {
  test("clients create prints a secret that works; list shows the client without it", async () => {
    const created = await json([
      "clients",
      "create",
      "Shop",
      "--id",
      "shop",
      "--scope",
      "a b",
      "--format",
      "opaque",
    ]);
    const { client_id: id, client_secret: secret } = created;
    assert.deepEqual([id, created.status, created.scope], ["shop", "approved", "a b"]);
    const token = await server.clientToken({ client_id: "shop", client_secret: String(secret), keys: [] });
    assert.match(token, /^rat_/);
    const { stdout } = await run(["clients", "list", "--json"]);
    assert.ok(stdout.includes('"shop"'));
    assert.equal(stdout.includes(String(secret)), false);
    const { status, stderr } = await run(["clients", "create", "Again", "--id", "shop"]);
    assert.equal(status, 1, stderr);
  });

  test("an unknown grant type is refused with the field named", async () => {
    const { status, stderr } = await run(["clients", "create", "X", "--grant-types", "password"]);
    assert.equal(status, 1);
    assert.match(stderr, /grant_types/);
  });

  test("clients suspend ends its tokens until clients approve", async () => {
    const client = await server.registerClient();
    const token = await server.clientToken(client);
    assert.equal((await run(["clients", "suspend", client.client_id])).status, 2, "it asks first");
    const suspended = await json([
      "clients",
      "suspend",
      client.client_id,
      "--yes",
      "--reason",
      "key_compromise",
    ]);
    assert.deepEqual([suspended.status, await isActive(token)], ["revoked", false]);
    const approved = await json(["clients", "approve", client.client_id]);
    assert.deepEqual([approved.status, await isActive(token)], ["approved", true]);
  });

  test("keys create gives a second secret, with a life of its own", async () => {
    const client = await server.registerClient();
    const first = await server.clientToken(client);
    const key = await json(["keys", "create", client.client_id]);
    const second = await server.clientToken({ ...client, client_secret: String(key.client_secret) });
    const suspended = await json(["keys", "suspend", String(key.key_id), "--yes"]);
    assert.equal(suspended.status, "revoked");
    assert.deepEqual([await isActive(first), await isActive(second)], [true, false]);
    assert.equal((await json(["keys", "approve", String(key.key_id)])).status, "approved");
    assert.equal(await isActive(second), true);
    await json(["revoke", "--key", String(key.key_id), "--yes"]);
    assert.deepEqual([await isActive(first), await isActive(second)], [true, false]);
  });

  test("keys rotate puts another secret in the place of one; keys delete ends it for good", async () => {
    const client = await server.registerClient();
    const first = await server.clientToken(client);
    const keyId = String(client.keys[0]?.key_id);
    assert.equal((await run(["keys", "rotate", keyId])).status, 2, "it asks first");
    const kept = await json(["keys", "rotate", keyId, "--keep-old"]);
    assert.equal(await isActive(first), true);
    await json(["keys", "delete", keyId, "--yes"]);
    assert.equal(await isActive(first), false);
    const again = await json(["keys", "rotate", String(kept.key_id), "--yes"]);
    const token = await server.clientToken({ ...client, client_secret: String(again.client_secret) });
    assert.equal(await isActive(token), true);
    assert.equal((await run(["keys", "approve", keyId])).status, 1);
  });

  test("tokens import takes a token under management, and never prints it", async () => {
    const client = await server.registerClient();
    const token = "legacy-0123456789abcdef";
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const args = [
      "tokens",
      "import",
      "--client",
      client.client_id,
      "--subject",
      "usr_old",
      "--expires-at",
      at,
    ];
    const { status, stdout, stderr } = await run([...args, token]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /usr_old/);
    assert.ok(!stdout.includes(token));
    assert.equal(await isActive(token), true);
    assert.equal((await run([...args, token])).status, 1, "it is known already");
    assert.equal((await run(args)).status, 2);
  });

  test("resources create and list", async () => {
    const uri = "https://api.example";
    const created = await json(["resources", "create", uri, "--scopes", "a,b", "--name", "An API"]);
    assert.deepEqual([created.resource, created.scopes, created.name], [uri, ["a", "b"], "An API"]);
    const resources = await list(["resources", "list"]);
    assert.ok(resources.some(({ resource }) => resource === uri));
  });
});

describe("looking", () => {
  test("audit names the actor of every order", async () => {
    const client = await server.registerClient();
    const { id } = await json(["revoke", "--client", client.client_id, "--yes"]);
    const records = await list(["audit", "--limit", "5"]);
    const record = records.find(({ revocation_id }) => revocation_id === id);
    assert.deepEqual(record?.actor, { kind: "admin", id: "admin" });
  });

  test("grants, verifiers and signing keys are listed", async () => {
    const client = await server.registerClient();
    const { grant_id: grant } = await server.openGrant(client, "usr_hal");
    const grants = await list(["grants", "list", "--subject", "usr_hal"]);
    assert.deepEqual([grants.length, grants[0]?.grant_id, grants[0]?.status], [1, grant, "live"]);
    const keys = await list(["signing-keys", "list"]);
    assert.deepEqual(new Set(keys.map(({ use }) => use)), new Set(["access", "id", "feed"]));
    assert.deepEqual(await list(["verifiers"]), []);
  });

  /** Runs with the token of a client that has these scopes, where there is no admin.json. */
  async function runWithScope(scope: string, args: readonly string[]): Promise<Ending> {
    const token = await server.clientToken(await server.registerClient({ scope }));
    const surroundings = { env: { RESCIND_ADMIN_TOKEN: token }, cwd: server.data };
    return rescind([...args, "--server", server.issuer], surroundings);
  }

  test("watch prints the entries of the feed as they are, from where it is told", async () => {
    const client = await server.registerClient();
    const { seq } = await json(["revoke", "--client", client.client_id, "--yes"]);
    const args = ["watch", "--after", String(Number(seq) - 1), "--count", "1", "--json"];
    const { status, stdout, stderr } = await runWithScope("rescind:feed", args);
    assert.equal(status, 0, stderr);
    const entry = JSON.parse(stdout);
    assert.deepEqual([entry.seq, entry.kind, entry.unit], [seq, "revoke", "client"]);
    assert.equal(stdout.includes(client.client_id), false, "the feed carries no identifiers");
  });

  test("watch is refused without a scope for the feed", async () => {
    const { status, stderr } = await runWithScope("rescind:read", ["watch", "--count", "1"]);
    assert.equal(status, 1);
    assert.match(stderr, /rescind:feed/);
  });

  test("watch refuses a position that is not on the log", async () => {
    const { status, stderr } = await runWithScope("rescind:feed", ["watch", "--after", "999999999"]);
    assert.equal(status, 1, stderr);
  });

  test("doctor finds everything in order, with the scope of the feed its lease too", async () => {
    const { status, stdout } = await runWithScope("rescind:admin rescind:feed", ["doctor", "--json"]);
    const { findings } = JSON.parse(stdout) as { findings: readonly Record<string, string>[] }; // asserted below
    for (const { check, result, detail } of findings)
      assert.match(String(result), check === "first start" ? /^skipped$/ : /^ok$/, `${check}: ${detail}`);
    assert.deepEqual([status, findings.length], [0, 14]);
  });

  test("doctor with admin.json finds nothing wrong, and says so with status 0", async () => {
    const { findings } = await json(["doctor"]);
    assert.ok(Array.isArray(findings));
    for (const { result } of findings) assert.match(result, /^(?:ok|skipped)$/);
  });

  test("RESCIND_ADMIN_TOKEN serves where there is no admin.json", async () => {
    const env = { RESCIND_ADMIN_TOKEN: await server.adminToken() };
    const ending = await rescind(["clients", "list", "--json", "--server", server.issuer], {
      env,
      cwd: server.data,
    });
    assert.equal(ending.status, 0, ending.stderr);
  });
});

test("serve refuses an unknown flag with status 2 and names the nearest", async () => {
  const { status, stderr } = await rescind(["serve", "--prot", "1"]);
  assert.equal(status, 2);
  assert.match(stderr, /--prot.*--port/);
});
