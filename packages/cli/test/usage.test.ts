// What the command line says without a server: usage, exit statuses, where credentials come from.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cascade } from "@rescind/admin-api";
import { rescind } from "./command.ts";

const home = mkdtempSync(join(tmpdir(), "rescind-cli-"));
after(() => rmSync(home, { recursive: true, force: true }));

const nowhere = { cwd: home, env: { RESCIND_ADMIN_TOKEN: "rat_x" } };
const unreachable = "http://127.0.0.1:1";

test("--version prints the version of the package", async () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.deepEqual(await rescind(["--version"]), { status: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test("cascade --json prints the table, with members named as on the wire", async () => {
  const { status, stdout } = await rescind(["cascade", "--json"]);
  assert.equal(status, 0);
  const rows = cascade.map(({ announcedAs, ...row }) => ({ ...row, announced_as: announcedAs }));
  assert.deepEqual(JSON.parse(stdout), rows);
});

test("cascade prints every unit that can be announced", async () => {
  const { stdout } = await rescind(["cascade"]);
  for (const row of cascade) assert.ok(stdout.includes(row.covers), row.order);
});

describe("wrong usage ends with status 2 and says what is meant", () => {
  const cases: [string[], RegExp][] = [
    [["revok"], /Did you mean revoke/],
    [["revoke", "--tokn-id", "x"], /Did you mean --token-id/],
    [["clients", "crate"], /Did you mean create/],
    [["clients", "create"], /missing required argument 'name'/],
    [["tokens", "list", "--limit", "many"], /whole number/],
    [["tokens", "list", "--status", "dead"], /Allowed choices are live, expired, revoked/],
    [["backup", "--to", "x", "--database", "mysql://db/x"], /--database must be sqlite:PATH/],
    [["migrate", "--from", "db", "--to", "sqlite:x.db"], /--from must be sqlite:PATH/],
    [["migrate", "--from", "sqlite:x.db", "--to", "mysql://db/x"], /--to must be sqlite:PATH/],
    [["revoke"], /name one token or one unit/],
    [["revoke", "a", "--token", "b"], /given twice/],
    [["revoke", "-"], /standard input holds no token/],
    [["revoke", "--grant", "gnt_1", "--subject", "u"], /name one token or one unit/],
    [["revoke", "--grant", "gnt_1", "--cascade", "grant"], /--cascade goes with a token/],
    [["introspect"], /which token/],
    [["explain"], /name one token, --token-id/],
    [["explain", "x", "--grant", "gnt_1"], /name one token, --token-id/],
    [["audit", "verfy"], /too many arguments/],
    [["revoke", "--file", "-"], /needs --yes/],
    [["revoke", "--file", "list", "--grant", "gnt_1"], /--file does not go with --grant/],
    [["revoke", "--file", "list", "--yes", "--from-line", "0"], /counts from 1/],
    [["revoke", "x", "--wait", "soon"], /0 to 60 seconds/],
    [["revoke", "x", "--issuer", "https://as.example"], /--client-id/],
    [["revoke", "x", "--issuer", "as.example", "--client-id", "a"], /is not an https URL/],
    [["revoke", "x", "--server", "ftp://a.example"], /not an http URL/],
  ];
  for (const [args, message] of cases) {
    test(`rescind ${args.join(" ")}`, async () => {
      const { status, stdout, stderr } = await rescind(args, nowhere);
      assert.match(stderr, message);
      assert.deepEqual([status, stdout], [2, ""]);
    });
  }
});

test("a server that cannot be reached is named, with status 1", async () => {
  const { status, stderr } = await rescind(["tokens", "list", "--server", unreachable], nowhere);
  assert.equal(status, 1);
  assert.match(stderr, /cannot reach http:\/\/127\.0\.0\.1:1:/);
});

test("without credentials the message says where they are looked for", async () => {
  const { status, stderr } = await rescind(["tokens", "list"], { cwd: home });
  assert.equal(status, 1);
  assert.match(stderr, /admin\.json.*RESCIND_ADMIN_TOKEN/);
});

test("doctor ends with status 1 and names what failed when there is no server", async () => {
  const { status, stdout } = await rescind(["doctor", "--json", "--server", unreachable], nowhere);
  assert.equal(status, 1);
  const { findings } = JSON.parse(stdout);
  const results = Object.fromEntries(
    findings.map(({ check, result }: Record<string, string>) => [check, result]),
  );
  assert.deepEqual([results.node, results.server, results.store], ["ok", "failed", "failed"]);
});

describe("credentials", () => {
  const seen: string[] = [];
  let server: Server;
  let base = "";
  const secret = "rcs_a-secret-that-must-not-leave";

  before(async () => {
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      seen.push(`${request.url} ${request.headers.authorization ?? ""} ${body}`);
      response.writeHead(401, { "content-type": "application/json" }).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo; // a TCP server's address is always this
    base = `http://127.0.0.1:${port}`;
    mkdirSync(join(home, "data"));
    const admin = { issuer: "https://auth.example", client_id: "admin", client_secret: secret };
    writeFileSync(join(home, "data", "admin.json"), JSON.stringify(admin));
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  test("the secret of ./data is not sent to another server", async () => {
    const { status, stderr } = await rescind(["tokens", "list", "--server", base], { cwd: home });
    assert.equal(status, 1);
    assert.match(stderr, /is for https:\/\/auth\.example; .* --data/);
    assert.deepEqual(seen, []);
  });

  test("RESCIND_ADMIN_TOKEN is what another server gets", async () => {
    await rescind(["tokens", "list", "--server", base], nowhere);
    assert.deepEqual(seen.splice(0), ["/admin/v1/tokens Bearer rat_x "]);
  });

  test("--data says that its secret is for that server", async () => {
    await rescind(["tokens", "list", "--server", base, "--data", "data"], { cwd: home });
    const [request = ""] = seen.splice(0);
    assert.ok(request.startsWith("/oauth2/token ") && request.includes(secret), request);
  });

  test("WEB-16 a secret is in no message, even where admin.json is not JSON", async () => {
    const broken = mkdtempSync(join(home, "broken-"));
    writeFileSync(join(broken, "admin.json"), `{"client_secret":"${secret}",`);
    const { status, stdout, stderr } = await rescind(["tokens", "list", "--data", broken], { cwd: home });
    assert.equal(status, 1);
    assert.match(stderr, /is not a JSON object/);
    assert.equal(`${stdout}${stderr}`.includes(secret), false);
  });
});
