// The verbs of operators against a running server: lists of leaked tokens, explanations, the audit log.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ending, rescind } from "../../packages/cli/test/command.ts";
import { databaseOf, tokenRows } from "../../packages/server/test/admin/token-rows.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";

let server: TestServer;
let client: RegisteredClient;
const folder = mkdtempSync(join(tmpdir(), "rescind-operations-"));
before(async () => {
  server = await startTestServer();
  client = await server.registerClient();
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(args: readonly string[], input?: string): Promise<Ending> {
  return rescind([...args, "--data", server.data], input === undefined ? {} : { input });
}

async function json(args: readonly string[], input?: string): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run([...args, "--json"], input);
  assert.equal(status, 0, `rescind ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join("\n"));
  return path;
}

async function isActive(token: string | undefined): Promise<boolean> {
  return (await server.introspect(token ?? "")).active === true;
}

describe("rescind revoke --file", () => {
  test("ends tokens, token ids and grants, one a line; blank and # lines are skipped, others are told", async () => {
    const [one, two, spared] = [
      await server.clientToken(client),
      await server.clientToken(client),
      await server.clientToken(client),
    ];
    const grant = await server.openGrant(client, "usr_listed");
    const { jti } = await server.introspect(two);
    const path = file("leaked.txt", [
      "# found in a log",
      one,
      "",
      `  ${jti}\r`,
      String(grant.grant_id),
      "made-up",
      "not a token",
      `#${spared}`,
    ]);
    const summary = await json(["revoke", "--file", path, "--yes", "--reason", "token_leaked"]);
    const { revoked, already, unknown, unknown_lines: lines, up_to_line: upTo } = summary;
    assert.deepEqual(
      { revoked, already, unknown, lines, upTo },
      { revoked: 3, already: 0, unknown: 2, lines: [6, 7], upTo: 8 - 1 },
    );
    for (const token of [one, two, grant.access_token, grant.refresh_token])
      assert.equal(await isActive(token), false);
    assert.equal(await isActive(spared), true);
  });

  test("a list on standard input; 5,000 in chunks, none twice", async () => {
    const token = await server.clientToken(client);
    const names = tokenRows(server, String((await server.introspect(token)).jti), 5000);
    const { revoked, up_to_line: upTo } = await json(["revoke", "--file", "-", "--yes"], names.join("\n"));
    assert.deepEqual([revoked, upTo], [5000, 5000]);
    const again = await run(["revoke", "--file", "-", "--yes", "--from-line", "4001"], names.join("\n"));
    assert.deepEqual(again.status, 0, again.stderr);
    assert.match(again.stdout, /revoked +0\nrevoked before +1,000\nunknown +0\n/);
    assert.match(again.stdout, /took +[\d.]+ s, [\d,]+ a second/);
  });

  test("without --yes and a terminal it is refused, and nothing changes", async () => {
    const token = await server.clientToken(client);
    const path = file("one.txt", [token]);
    const { status, stderr } = await run(["revoke", "--file", path]);
    assert.deepEqual([status, await isActive(token)], [2, true]);
    assert.match(stderr, /1 tokens and grants named in .*\n.*--yes/);
    assert.equal((await run(["revoke", "--file", "-"], token)).status, 2);
  });

  test("a list from another program, by a pipe, is read once", async () => {
    const tokens = [await server.clientToken(client), await server.clientToken(client)];
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [{ revoked, unknown }] = await Promise.all([
      json(["revoke", "--file", pipe, "--yes"]),
      writeFile(pipe, tokens.join("\n")),
    ]);
    assert.deepEqual([revoked, unknown], [2, 0]);
    assert.equal((await run(["revoke", "--file", pipe])).status, 2);
  });

  test("what stops it in the middle is told with how far it came, and the rest is done from there", async () => {
    const token = await server.clientToken(client);
    const names = tokenRows(server, String((await server.introspect(token)).jti), 3000);
    const path = file("stopped.txt", names);
    const broken = names.with(2500, "x".repeat((1 << 20) + 1));
    const stopped = await run(["revoke", "--file", "-", "--yes", "--json"], broken.join("\n"));
    assert.equal(stopped.status, 1);
    const summary = JSON.parse(stopped.stdout);
    assert.equal(summary.revoked, summary.up_to_line);
    assert.match(summary.stopped, /line of more than/);
    const from = summary.up_to_line + 1;
    assert.match(stopped.stderr, new RegExp(`up to line ${from - 1} of .* go on with --from-line ${from}`));
    const rest = await json(["revoke", "--file", path, "--yes", "--from-line", String(from)]);
    assert.deepEqual([summary.revoked + Number(rest.revoked), rest.up_to_line], [3000, 3000]);
  });

  test("what goes with one unit only is wrong usage beside a list", async () => {
    const path = file("empty.txt", ["# nothing"]);
    for (const more of [
      ["--before", "2026-01-01T00:00:00Z"],
      ["--dry-run"],
      ["--all"],
      ["--wait", "1"],
      ["rat_x"],
    ]) {
      const { status, stderr } = await run(["revoke", "--file", path, "--yes", ...more]);
      assert.deepEqual([status, /--file does not go with/.test(stderr)], [2, true], stderr);
    }
    assert.equal((await json(["revoke", "--file", path, "--yes"])).revoked, 0);
    assert.equal((await run(["revoke", "--file", join(folder, "nowhere"), "--yes"])).status, 1);
  });
});

test("revoke --dry-run shows the counts and whose they are as a table", async () => {
  await server.openGrant(client, "usr_table");
  const { status, stdout } = await run(["revoke", "--subject", "usr_table", "--dry-run"]);
  assert.equal(status, 0);
  assert.match(stdout, /^revoked +nothing \(dry run\)\n/);
  assert.match(
    stdout,
    new RegExp(`\n\nCLIENT +ACCESS TOKENS +REFRESH TOKENS +LAST USED\n${client.client_id} +1 +1 `),
  );
});

test("revoke --wait says how many verifiers have it, where the server knows", async () => {
  const token = await server.clientToken(client);
  const { status, stdout } = await run(["revoke", token, "--wait", "1", "--json"]);
  assert.equal(status, 0);
  const { effective } = JSON.parse(stdout);
  assert.ok(effective === undefined || effective === "0/0", String(effective));
  assert.equal((await run(["revoke", token, "--wait", "61"])).status, 2);
});

test("revocations list is filtered by subject and client", async () => {
  const { id } = await json(["revoke", "--subject", "usr_filtered", "--yes"]);
  const found = await json(["revocations", "list", "--subject", "usr_filtered"]);
  assert.deepEqual(
    (found.items as { id: string }[]).map((item) => item.id),
    [id],
  );
});

test("signing-keys revoke ends what the key signed, and another one signs", async () => {
  const token = await server.clientToken(client);
  const { kid } = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
  const asked = await run(["signing-keys", "revoke", kid]);
  assert.deepEqual([asked.status, await isActive(token)], [2, true]);
  const receipt = await json(["signing-keys", "revoke", kid, "--yes", "--reason", "key_compromise"]);
  assert.deepEqual([receipt.select, await isActive(token)], [{ kid }, false]);
  assert.equal(await isActive(await server.clientToken(client)), true);
});

describe("rescind explain", () => {
  test("tells what a token is and what covers it, for people and as JSON", async () => {
    const tokens = await server.openGrant(client, "usr_explained");
    const { id } = await json([
      "revoke",
      "--grant",
      String(tokens.grant_id),
      "--yes",
      "--note",
      "lost laptop",
    ]);
    const { status, stdout } = await run(["explain", String(tokens.access_token)]);
    assert.equal(status, 0);
    assert.match(stdout, /^is +access token\nstatus +revoked\nwhy +A standing entry covers it\.\n/);
    assert.match(stdout, new RegExp(`grant gnt_\\d+\n  covers at \\d+: .*${id}.*“lost laptop”`));
    const told = await json(["explain", "-"], String(tokens.refresh_token));
    assert.deepEqual([told.what, told.status], ["refresh_token", "revoked"]);
    for (const args of [
      ["--grant", String(tokens.grant_id)],
      ["--token-id", "tid_1"],
    ])
      assert.equal((await run(["explain", ...args])).status, 0);
  });

  test("one thing at a time", async () => {
    for (const args of [[], ["x", "--grant", "gnt_1"]])
      assert.equal((await run(["explain", ...args])).status, 2);
  });
});

describe("rescind audit", () => {
  const exported = join(folder, "audit.jsonl");

  test("list may be left out", async () => {
    const [bare, named] = [
      await json(["audit", "--limit", "1"]),
      await json(["audit", "list", "--limit", "1"]),
    ];
    assert.deepEqual(bare, named);
  });

  test("E1 WEB-27 what is exported is verified without a server, and ends where the server's own check does", async () => {
    assert.equal((await run(["audit", "export", "--out", exported])).status, 0);
    const there = await json(["audit", "verify"]);
    const here = await rescind(["audit", "verify", "--file", exported, "--json"], { cwd: folder });
    assert.equal(here.status, 0, here.stderr);
    assert.deepEqual(JSON.parse(here.stdout), there);
    const { stdout } = await run(["audit", "export"]);
    assert.equal(stdout, readFileSync(exported, "utf8"));
  });

  test("WEB-27 an edited line, one taken out and a missing end are found, with status 1", async () => {
    const lines = readFileSync(exported, "utf8").split("\n").slice(0, -1);
    const edits: [string, string[], number][] = [
      ["edited", lines.with(2, (lines[2] ?? "").replace('"kind":"admin"', '"kind":"user"')), 3],
      ["taken-out", lines.toSpliced(4, 1), 5],
      ["swapped", lines.with(1, lines[2] ?? "").with(2, lines[1] ?? ""), 2],
      ["cut", lines.slice(0, -1), lines.length],
    ];
    for (const [name, edited, at] of edits) {
      const { status, stderr } = await rescind(["audit", "verify", "--file", file(name, edited)], {
        cwd: folder,
      });
      assert.deepEqual(
        [status, stderr.includes(`record ${at} does not fit`)],
        [1, true],
        `${name}: ${stderr}`,
      );
    }
  });

  test("WEB-27 an edit in the database is found, with status 1", async () => {
    const database = databaseOf(server);
    database.exec("UPDATE audit SET actor_id = 'nobody' WHERE number = 3");
    database.close();
    const { status, stdout, stderr } = await run(["audit", "verify", "--json"]);
    assert.equal(status, 1);
    assert.equal(JSON.parse(stdout).broken_at, 3);
    assert.match(stderr, /record 3 does not fit/);
  });
});
