// What every kit's test begins with: a server, a resource, the follower in a process of its own, an application that says
// who it was told is calling, and programs from Debian's packages with the kit's own files.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";

export const kits = join(import.meta.dirname, "../../examples/connectors");
export const audience = "https://orders.example";

export interface Running {
  readonly child: ChildProcess;
  /** What it has printed; for messages of failing tests. */
  log(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface World {
  readonly server: TestServer;
  /** The client of the follower and of introspection. */
  readonly api: RegisteredClient;
  readonly shop: RegisteredClient;
  /** `host:port` of the follower. */
  readonly follower: string;
  /** Starts the follower and waits until it answers. */
  follow(env?: Record<string, string>): Promise<Running>;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const server = await startTestServer();
  await server.admin("POST", "/admin/v1/resources", { resource: audience });
  const api = await server.registerClient({ scope: "rescind:feed rescind:introspect" });
  const shop = await server.registerClient({
    scope: "orders:read orders:write mail",
    audience: [audience],
  });
  const follower = `127.0.0.1:${await freePort()}`;
  const followers: Running[] = [];
  return {
    server,
    api,
    shop,
    follower,
    async follow(env = {}) {
      const running = run(process.execPath, ["--conditions=source", join(kits, "follower/main.ts")], {
        ...{ ISSUER: server.issuer, AUDIENCE: audience, LISTEN: follower },
        ...{ CLIENT_ID: api.client_id, CLIENT_SECRET: api.client_secret, ...env },
      });
      followers.push(running);
      await until(async () => {
        assert.equal(running.child.exitCode, null, running.log());
        return (await statusOf(`http://${follower}/health`)) === 200;
      }, 60_000);
      return running;
    },
    async close() {
      await Promise.all(followers.map((running) => running.stop("SIGKILL")));
      await server.close();
    },
  };
}

/** Starts a program; it is ended with the test's process group at the latest. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      printed += chunk;
    });
  child.on("error", (error) => {
    printed += error.message;
  });
  return {
    child,
    log: () => printed,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
  };
}

export interface Application {
  readonly port: number;
  close(): Promise<void>;
}

/** What is protected: answers with the subject it is told and whether it saw the token. */
export async function startApplication(): Promise<Application> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    const { authorization, "x-auth-subject": subject } = request.headers;
    response.end(JSON.stringify({ subject, sawToken: authorization !== undefined }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A file of a kit with its addresses replaced; each has to be there, so that the kit cannot drift from its test. */
export function kitFile(path: string, replacements: Record<string, string>): string {
  let text = readFileSync(join(kits, path), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    assert.ok(text.includes(from), `${path} does not hold ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** @throws Error that names the package */
export function installed(program: string, packages: string): string {
  const found = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"]
    .map((folder) => join(folder, program))
    .find(existsSync);
  if (found === undefined)
    throw new Error(`${program} is missing. Install it with: apt-get install ${packages}`);
  return found;
}

/** The status, or 0 where nobody answers. */
export async function statusOf(url: string, token?: string): Promise<number> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(url, { headers, signal: AbortSignal.timeout(20_000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
}
