// The reader in Python (examples/readers/python): the formats against the vectors, and the whole of it against a real
// server, with and without the package that verifies Ed25519.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";

const root = join(import.meta.dirname, "../..");
const reader = join(root, "examples/readers/python");

test("its formats are those of docs/reference/feed.md: fingerprints, chain and snapshot, and nothing else passes", () => {
  const args = [
    join(import.meta.dirname, "check_vectors.py"),
    reader,
    join(root, "packages/core/test/vectors"),
  ];
  const { status, stdout, stderr } = spawnSync("python3", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const [prints, log, entries, broken] = stdout.split(" ").map(Number);
  assert.ok(Number(prints) >= 16 && Number(log) >= 9 && Number(entries) >= 4 && Number(broken) > 250, stdout);
});

interface Verdict {
  readonly verdict: "ready" | "live" | "revoked" | "stale";
  readonly seq?: number | undefined;
}

interface Python {
  readonly child: ChildProcess;
  readonly ready: Verdict;
  ask(token: string): Promise<Verdict>;
}

const withSignatures = hasCryptography();
const ways = [{ name: "on the standard library alone", blocked: true }];
if (withSignatures) ways.push({ name: "with signatures verified", blocked: false });

for (const { name, blocked } of ways)
  describe(`a Python program that follows the feed, ${name}`, () => {
    let server: TestServer;
    let shop: RegisteredClient;
    let python: Python;
    before(async () => {
      server = await startTestServer();
      shop = await server.registerClient();
      const early = await server.clientToken(shop);
      await server.form("/oauth2/revoke", { token: early }, shop); // stands in the snapshot
      python = await start(server, blocked);
      assert.equal((await python.ask(early)).verdict, "revoked");
    });
    after(async () => {
      python?.child.kill("SIGKILL");
      await server?.close();
    });

    test("a revoked token is refused by the entry that the order named, and others are not", async () => {
      const [token, other] = [await server.clientToken(shop), await server.clientToken(shop)];
      assert.deepEqual(await python.ask(token), { verdict: "live" });
      const { headers } = await server.form("/oauth2/revoke", { token }, shop);
      const seq = Number(headers.get("rescind-seq"));
      assert.deepEqual(await refused(python, token), { verdict: "revoked", seq });
      assert.deepEqual(await python.ask(other), { verdict: "live" });
    });

    test("wide orders, suspensions and lifts, by subject and by client", async () => {
      const grant = async (subject: string) => String((await server.openGrant(shop, subject)).access_token);
      const [alice, bob] = [await grant("usr_alice"), await grant("usr_bob")];
      const order = await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_alice" } });
      assert.equal(order.status, 201, order.text);
      await refused(python, alice);
      assert.equal((await python.ask(bob)).verdict, "live");
      const later = await grant("usr_alice");
      await until(async () => (await python.ask(later)).verdict === "live");
      const lift = await server.admin("POST", `/admin/v1/revocations/${order.json.id}/lift`);
      assert.equal(lift.status, 200, lift.text);
      await until(async () => (await python.ask(alice)).verdict === "live");
      await server.admin("POST", `/admin/v1/clients/${shop.client_id}/revoke`);
      await refused(python, bob);
      await server.admin("POST", `/admin/v1/clients/${shop.client_id}/approve`);
      await until(async () => (await python.ask(bob)).verdict === "live");
    });

    test("a restart of the server is followed without a gap", async () => {
      const token = await server.clientToken(shop);
      await server.restart();
      await until(async () => (await python.ask(token)).verdict === "live");
      await server.form("/oauth2/revoke", { token }, shop);
      await refused(python, token);
    });

    test("while the server cannot be reached it says stale, never live", async () => {
      const token = await server.clientToken(shop);
      assert.equal((await python.ask(token)).verdict, "live");
      await server.close();
      await until(async () => (await python.ask(token)).verdict === "stale");
      assert.equal((await python.ask(token)).verdict, "stale");
    });
  });

async function start(server: TestServer, blocked: boolean): Promise<Python> {
  const client = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
  const env = {
    ...{ PATH: process.env.PATH ?? "", PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: reader },
    ...{ ISSUER: server.issuer, CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret },
    MAX_STALENESS: "3",
  };
  const hide = blocked ? "import sys; sys.modules['cryptography'] = None; " : "";
  const program = `${hide}import runpy; runpy.run_path(${JSON.stringify(join(reader, "main.py"))})`;
  const child = spawn("python3", ["-c", program], { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Verdict> => {
    const { value } = await lines.next();
    assert.ok(typeof value === "string", "the program has ended");
    return JSON.parse(value);
  };
  const ready = await answer();
  assert.equal(ready.verdict, "ready");
  assert.ok(Number(ready.seq) >= 1, "the snapshot is loaded");
  return {
    child,
    ready,
    async ask(token) {
      child.stdin.write(
        `${JSON.stringify({ claims: decodeJwt(token), kid: decodeProtectedHeader(token).kid })}\n`,
      );
      return answer();
    },
  };
}

function refused(python: Python, token: string): Promise<Verdict> {
  return until(async () => {
    const answer = await python.ask(token);
    return answer.verdict === "revoked" && answer;
  });
}

function hasCryptography(): boolean {
  return spawnSync("python3", ["-c", "import cryptography"]).status === 0;
}
