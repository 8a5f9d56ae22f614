// The verifier's built package on Bun, Deno and workerd (Cloudflare Workers), each a process of its own against a real
// server. Installs them from the lock file beside this, outside of the repository; some 400 MB.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { startTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";

const here = import.meta.dirname;
const installed = mkdtempSync(join(tmpdir(), "rescind-runtimes-"));
const bin = (name: string) => join(installed, "node_modules/.bin", name);
const algorithms = ["ES256", "RS256", "PS256", "EdDSA"] as const;
const audienceOf = (alg: string) => `https://orders.example/${alg}`;

let proxy: TcpProxy;
let server: TestServer;
let shop: RegisteredClient;
let api: RegisteredClient;

before(async () => {
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(here, file), join(installed, file));
  // Not `npm ci`: the lock file does not name deno's programs for other systems, which that would ask for.
  const { status, stderr } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: installed,
    encoding: "utf8",
    timeout: 300_000,
  });
  assert.equal(status, 0, stderr);
  proxy = await startTcpProxy();
  server = await startTestServer(["--issuer", proxy.url]);
  proxy.leadTo(Number(new URL(server.base).port));
  for (const alg of algorithms) {
    const made = await server.admin("POST", "/admin/v1/resources", {
      resource: audienceOf(alg),
      signing_alg: alg,
    });
    assert.equal(made.status, 201, made.text);
  }
  shop = await server.registerClient({
    scope: "orders:read orders:write",
    audience: algorithms.map(audienceOf),
  });
  api = await server.registerClient({ scope: "rescind:feed rescind:introspect" });
});
after(async () => {
  await server?.close();
  await proxy?.close();
  rmSync(installed, { recursive: true, force: true });
});

const runtimes: Record<string, () => readonly [string, ...string[]]> = {
  Bun: () => [bin("bun"), join(here, "bun-api.ts")],
  Deno: () => [bin("deno"), "run", "--no-check", "--allow-all", join(here, "deno-api.ts")],
  "workerd, in a Durable Object": () => {
    const bundle = join(installed, "worker.mjs");
    const wanted = ["--bundle", "--format=esm", "--platform=neutral", `--outfile=${bundle}`];
    execFileSync(bin("esbuild"), [join(here, "worker-api.ts"), ...wanted], { stdio: "pipe" });
    const miniflare = join(installed, "node_modules/miniflare/dist/src/index.js");
    return [process.execPath, join(here, "worker-host.ts"), miniflare, bundle];
  },
};

for (const [name, command] of Object.entries(runtimes))
  describe(name, () => {
    let child: ChildProcess;
    let origin: string;
    const status = async (token?: string): Promise<number> => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`${origin}/orders`, { headers });
      await response.arrayBuffer();
      return response.status;
    };
    const tokenFor = (alg: string, scope = "orders:read") =>
      server.clientToken(shop, { scope, resource: audienceOf(alg) });

    before(async () => {
      proxy.open();
      const [program, ...args] = command();
      const settings = { ISSUER: server.issuer, AUDIENCE: algorithms.map(audienceOf).join(",") };
      child = spawn(program, args, {
        cwd: here,
        env: {
          ...{ PATH: process.env.PATH ?? "", HOME: installed, TMPDIR: installed },
          ...{ ...settings, CLIENT_ID: api.client_id, CLIENT_SECRET: api.client_secret },
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      assert.ok(child.stdout !== null);
      const [line] = await Promise.race([
        once(createInterface({ input: child.stdout }), "line"),
        once(child, "exit").then(([code]) => assert.fail(`${name} ended with ${code}`)),
      ]);
      origin = `http://127.0.0.1:${JSON.parse(line).port}`;
      assert.equal(await status(), 401);
    });
    after(async () => {
      if (child === undefined) return;
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
    });

    for (const alg of algorithms)
      test(`a JWT signed with ${alg} is accepted, and refused once it is revoked`, async () => {
        const [token, other] = [await tokenFor(alg), await tokenFor(alg)];
        assert.equal(await status(token), 200);
        assert.equal((await server.form("/oauth2/revoke", { token }, shop)).status, 200);
        await until(async () => (await status(token)) === 401);
        assert.equal(await status(other), 200);
      });

    test("a forged one, one for elsewhere and one without the scope are refused", async () => {
      const token = await tokenFor("ES256");
      const [head, payload, signature = ""] = token.split(".");
      const forged = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
      assert.equal(await status(`${head}.${payload}.${forged}`), 401);
      const elsewhere = await server.registerClient({ scope: "orders:read" });
      assert.equal(await status(await server.clientToken(elsewhere)), 401);
      assert.equal(await status(await tokenFor("ES256", "orders:write")), 403);
    });

    test("an opaque one is introspected, and refused by the feed once its grant is revoked", async () => {
      const options = {
        access_token_format: "opaque",
        scope: "orders:read",
        audience: [audienceOf("ES256")],
      };
      const client = await server.registerClient(options);
      const { access_token = "", grant_id = "" } = await server.openGrant(client, "usr_alice", {
        scope: "orders:read",
      });
      assert.equal(await status(access_token), 200);
      await server.admin("POST", "/admin/v1/revocations", { select: { grant_id } });
      await until(async () => (await status(access_token)) === 401);
    });

    test("cut off from the server it refuses everything once what it knows is stale, and goes on afterwards", async () => {
      const [token, revoked] = [await tokenFor("ES256"), await tokenFor("ES256")];
      assert.equal(await status(token), 200);
      proxy.cut();
      await until(async () => (await status(token)) === 503, 30_000);
      assert.equal((await direct("/oauth2/revoke", revoked)).status, 200);
      proxy.open();
      await until(async () => (await status(token)) === 200, 30_000);
      assert.equal(await status(revoked), 401, "what was revoked meanwhile");
    });
  });

/** To the server itself, past the proxy that is cut. */
async function direct(path: string, token: string): Promise<Response> {
  const authorization = `Basic ${btoa(`${shop.client_id}:${encodeURIComponent(shop.client_secret)}`)}`;
  return fetch(`${server.base}${path}`, {
    method: "POST",
    headers: { authorization },
    body: new URLSearchParams({ token }),
  });
}
