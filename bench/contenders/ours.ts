// Starts our server as people do: the command line's own `serve`, its default settings, an SQLite file on the disk, or
// several over one PostgreSQL.

import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadGenerator } from "../load/load-generator.ts";
import { start, stop } from "../pinned-process.ts";
import { basic, type Contender, clientScope, resource } from "./contender.ts";
import { startOurDatabase } from "./our-database.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/rescind.js", import.meta.url));

export interface OurOptions {
  /** The directory below which the server's own is made. */
  readonly below: string;
  /** Where a CPU profile is written when the server ends. */
  readonly profiles?: string | undefined;
  readonly database?: "sqlite" | "postgres" | undefined;
  /** With PostgreSQL; 1 where it is not said. */
  readonly nodes?: number | undefined;
}

/**
 * Starts a server with an empty database and registers what the rows need.
 * @throws Error with the server's own words if it does not come up within 30 s
 */
export async function startOurs(options: OurOptions): Promise<Contender> {
  const data = mkdtempSync(join(options.below, "bench-"));
  const database = options.database === "postgres" ? await startOurDatabase(300) : undefined;
  const { ports, children } = await startServers(data, database?.url, options);
  const [port = 0] = ports;
  const issuer = `http://127.0.0.1:${port}`;
  const databaseProcesses = (): readonly number[] => database?.processes() ?? [];
  const admin = await adminOf(issuer, join(data, String(port)));
  await admin("resources", { resource, scopes: ["read"], access_token_format: "jwt" });
  const register = async (more: object): Promise<RegisteredClient> =>
    (await admin("clients", {
      name: "Benchmark",
      grant_types: ["client_credentials", "refresh_token"],
      scope: clientScope,
      ...more,
    })) as RegisteredClient; // the contract's answer to POST /admin/v1/clients
  const opaque = await register({ access_token_format: "opaque" });
  const jwt = await register({ audience: [resource] });
  return {
    name: "Rescind",
    processes: () => [...children.map(({ pid }) => pid ?? 0), ...databaseProcesses()],
    databaseProcesses,
    port,
    ports,
    issuer,
    paths: {
      token: "/oauth2/token",
      introspect: "/oauth2/introspect",
      revoke: "/oauth2/revoke",
      jwks: "/oauth2/jwks",
    },
    clients: {
      opaque: basic(opaque.client_id, opaque.client_secret),
      jwt: basic(jwt.client_id, jwt.client_secret),
    },
    fillRefreshTokens: (load, queue, count) =>
      openGrants(
        { load, queue, count },
        { ports, authorization: admin.authorization, clientId: opaque.client_id },
      ),
    async stop() {
      await Promise.all(children.map(stop));
      await database?.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Opens grants of as many subjects; their refresh tokens go into a queue of the load process. */
export async function openGrants(
  { load, queue, count }: { load: LoadGenerator; queue: string; count: number },
  server: { ports: readonly number[]; authorization: string; clientId: string },
): Promise<void> {
  await load.fill(queue, []);
  await load.fill(
    "subjects",
    Array.from({ length: count }, (_, number) => `usr_${number}`),
  );
  const { failures, failed } = await load.run({
    connections: 32,
    requests: count,
    exchange: {
      ports: server.ports,
      path: "/admin/v1/grants",
      authorization: server.authorization,
      contentType: "application/json",
      body: {
        before: `{"client_id":"${server.clientId}","scope":"${clientScope}","subject":"`,
        after: '"}',
      },
      status: 201,
      members: { refresh_token: "text", grant_id: "text" },
    },
    take: { queue: "subjects", keep: false },
    give: { queue, member: "refresh_token" },
  });
  if (failures > 0) throw new Error(`grants were not opened: ${failed[0]}`);
}

/** One server, or several at once over the database; each has a directory of its own, named by its port. */
async function startServers(data: string, database: string | undefined, options: OurOptions) {
  const ports: number[] = [];
  const children: ChildProcess[] = [];
  const masterKey = randomBytes(32).toString("base64url");
  for (let node = 0; node < (options.nodes ?? 1); node++) ports.push(await freePort());
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const shared = database === undefined ? [] : ["--issuer", issuer, "--database", database];
  for (const port of ports) {
    const own = join(data, String(port));
    const log = join(data, `${port}.log`);
    const output = openSync(log, "w");
    const profiling =
      options.profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${options.profiles}`];
    const serve = ["serve", "--port", String(port), "--data", own, ...shared];
    const child = start("server", [process.execPath, ...profiling, command, ...serve], output, {
      RESCIND_MASTER_KEY: masterKey,
    });
    closeSync(output);
    children.push(child);
    await ready(`http://127.0.0.1:${port}`, () => child.exitCode === null, log);
  }
  return { ports, children };
}

interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret: string;
}

interface Admin {
  (path: string, body: object): Promise<unknown>;
  readonly authorization: string;
}

export async function adminOf(issuer: string, data: string): Promise<Admin> {
  const { client_id, client_secret } = JSON.parse(readFileSync(join(data, "admin.json"), "utf8"));
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: "POST",
    headers: { authorization: basic(client_id, client_secret) },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token } = (await response.json()) as { access_token: string }; // RFC 6749 section 5.1
  const authorization = `Bearer ${access_token}`;
  const call = async (path: string, body: object): Promise<unknown> => {
    const headers = { authorization, "content-type": "application/json" };
    const answer = await fetch(`${issuer}/admin/v1/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`POST /admin/v1/${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return Object.assign(call, { authorization });
}

async function ready(issuer: string, isRunning: () => boolean, log: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (isRunning() && Date.now() < deadline) {
    const answer = await fetch(`${issuer}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the server did not come up: ${readFileSync(log, "utf8")}`);
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
