// Our server as people run it, on a data directory that is filled between its starts.

import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { basic, type Contender, clientScope, resource } from "../contenders/contender.ts";
import { adminOf, freePort, openGrants } from "../contenders/ours.ts";
import { start, stop } from "../pinned-process.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/rescind.js", import.meta.url));

export interface Start {
  /** Milliseconds from the process's start to the first 200 of /readyz. */
  readonly readyMs: number;
  /** Milliseconds of processor time until then, where the system says. */
  readonly processorMs: number | undefined;
  /** MiB then. */
  readonly memory: number | undefined;
}

export interface GrownServer extends Contender {
  readonly data: string;
  readonly opaqueClient: string;
  /** Authorization header of an administrator's token. */
  readonly authorization: string;
  /** MiB that the process has in memory, and the most it had. */
  memory(): { readonly now: number; readonly most: number } | undefined;
}

/** Directory, port and clients of one server over all of its starts. */
export interface Ground {
  readonly data: string;
  readonly port: number;
  readonly flags: readonly string[];
  clients?: Clients | undefined;
}

interface Clients {
  readonly opaque: string;
  readonly jwt: string;
  readonly opaqueClient: string;
}

export async function newGround(below: string, flags: readonly string[]): Promise<Ground> {
  const data = join(below, "data");
  mkdirSync(data, { recursive: true });
  return { data, port: await freePort(), flags };
}

/** @throws Error with the server's own words if it does not come up within an hour */
export async function startGrown(ground: Ground): Promise<{ server: GrownServer; began: Start }> {
  const { data, port, flags } = ground;
  const issuer = `http://127.0.0.1:${port}`;
  const log = join(data, "..", "server.log");
  const output = openSync(log, "w");
  const beganAt = performance.now();
  const serve = ["serve", "--port", String(port), "--data", data, "--log-level", "warn", ...flags];
  const child = start("server", [process.execPath, command, ...serve], output);
  closeSync(output);
  try {
    await ready(port, child, log);
  } catch (error) {
    await stop(child);
    throw error;
  }
  const pid = child.pid ?? 0;
  const began = {
    readyMs: performance.now() - beganAt,
    processorMs: processorMs(pid),
    memory: memoryOf(pid)?.now,
  };
  const admin = await adminOf(issuer, data);
  ground.clients ??= await register(admin);
  const { opaque, jwt, opaqueClient } = ground.clients;
  const { authorization } = admin;
  const server: GrownServer = {
    name: "Rescind",
    data,
    opaqueClient,
    authorization,
    processes: () => [pid],
    port,
    ports: [port],
    issuer,
    paths: {
      token: "/oauth2/token",
      introspect: "/oauth2/introspect",
      revoke: "/oauth2/revoke",
      jwks: "/oauth2/jwks",
    },
    clients: { opaque, jwt },
    fillRefreshTokens: (load, queue, count) =>
      openGrants({ load, queue, count }, { ports: [port], authorization, clientId: opaqueClient }),
    memory: () => memoryOf(pid),
    stop: () => stop(child),
  };
  return { server, began };
}

/** Bytes of the database, its log included. */
export function databaseBytes({ data }: Pick<Ground, "data">): number {
  const files = ["rescind.db", "rescind.db-wal"].map((name) => join(data, name));
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

async function register(admin: Awaited<ReturnType<typeof adminOf>>): Promise<Clients> {
  await admin("resources", { resource, scopes: ["read"], access_token_format: "jwt" });
  const one = async (more: object) =>
    (await admin("clients", {
      name: "Benchmark",
      grant_types: ["client_credentials", "refresh_token"],
      scope: clientScope,
      ...more,
    })) as { client_id: string; client_secret: string }; // the contract's answer
  // Nothing expires while it is measured.
  const opaque = await one({ access_token_format: "opaque", access_token_ttl: 24 * 60 * 60 });
  const jwt = await one({ audience: [resource] });
  return {
    opaque: basic(opaque.client_id, opaque.client_secret),
    jwt: basic(jwt.client_id, jwt.client_secret),
    opaqueClient: opaque.client_id,
  };
}

async function ready(port: number, child: ChildProcess, log: string): Promise<void> {
  const giveUpAt = Date.now() + 3_600_000;
  while (child.exitCode === null && Date.now() < giveUpAt) {
    if ((await statusOf(port)) === 200) return;
    await pause(5);
  }
  throw new Error(`the server did not come up: ${readFileSync(log, "utf8")}`);
}

function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = get({ port, host: "127.0.0.1", path: "/readyz", agent: new Agent() }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("error", () => resolve(undefined));
  });
}

/** Ticks of the kernel's clock are hundredths of a second. */
function processorMs(pid: number): number | undefined {
  const line = read(`/proc/${pid}/stat`);
  if (line === undefined) return undefined;
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memoryOf(pid: number): { now: number; most: number } | undefined {
  const text = read(`/proc/${pid}/status`);
  if (text === undefined) return undefined;
  const mebibytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024;
  return { now: mebibytes("VmRSS"), most: mebibytes("VmHWM") };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // no such system, or the process has ended
  }
}
