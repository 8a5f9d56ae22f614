// `rescind doctor`: is this server reachable, itself, in time, durable, does its feed give leases, and is what it needs on its
// own machine in order? Each line says how to mend what it found.

import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { type Connection, type ConnectionOptions, connect, connectable } from "../connection.ts";
import { administeredChecks } from "../doctor/administered.ts";
import { cacheChecks } from "../doctor/cache.ts";
import type { Check, Finding, Found } from "../doctor/finding.ts";
import { fetchFrom, jsonObject } from "../exchange.ts";
import { checkLease } from "../lease-check.ts";
import { printable, printJson, printTable } from "../output.ts";

interface DoctorOptions extends ConnectionOptions {
  readonly database?: string;
  readonly config?: string;
}

const checks: Readonly<Record<string, Check>> = {
  node: async () => checkNode(),
  server: checkServer,
  discovery: checkDiscovery,
  clock: checkClock,
  credentials: checkCredentials,
  store: checkStore,
  digests: checkDigests,
  feed: checkLease,
  ...cacheChecks,
  ...administeredChecks,
};

export function addDoctor(program: Command): void {
  connectable(program.command("doctor"))
    .description("what is wrong with this server, its database and what follows it, and how to mend it")
    .option("--database <address>", "sqlite:PATH or postgres://…, as the server has it (default: as `serve`)")
    .option("--config <file>", "the server's config file, where it names them")
    .action(async (options: DoctorOptions) => {
      const findings = [...(await examine(connect(options))), ...(await here(options))];
      if (options.json === true) printJson({ findings });
      else print(findings);
      if (findings.some((finding) => finding.result === "failed")) process.exitCode = 1;
    });
}

function print(findings: readonly Finding[]): void {
  printTable(findings, [
    ["CHECK", (finding) => finding.check],
    ["RESULT", (finding) => finding.result],
    ["", (finding) => finding.detail],
  ]);
  const mended = findings.filter(({ result, mend }) => result !== "ok" && mend !== undefined);
  if (mended.length > 0) console.log();
  for (const { check, mend } of mended) console.log(printable(`${check}: ${mend}`));
}

/** The server's own machine: not where another server is named, and not where nothing of one is here. */
async function here(options: DoctorOptions): Promise<readonly Finding[]> {
  const { data, database, server } = options;
  const isNamed = data !== undefined || database !== undefined;
  const isHere = existsSync(data ?? process.env.RESCIND_DATA ?? "data");
  if (!isNamed && (server !== undefined || !isHere)) return [];
  const { examineHere } = await import("@rescind/server");
  return examineHere(options, process.env);
}

async function examine(connection: Connection): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, examineOne] of Object.entries(checks)) {
    try {
      findings.push({ check, ...(await examineOne(connection)) });
    } catch (error) {
      findings.push({
        check,
        result: "failed",
        detail: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return findings;
}

function checkNode(): Found {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isNew = major > 24 || (major === 24 && minor >= 15);
  return {
    result: isNew ? "ok" : "failed",
    detail: `Node ${process.versions.node}, 24.15 or newer is needed`,
  };
}

async function checkServer(connection: Connection): Promise<Found> {
  const began = performance.now();
  const response = await get(connection, "/healthz");
  const milliseconds = Math.round(performance.now() - began);
  return {
    result: response.ok ? "ok" : "failed",
    detail: `${connection.server} answers ${response.status} in ${milliseconds} ms`,
  };
}

async function checkDiscovery(connection: Connection): Promise<Found> {
  for (const document of ["openid-configuration", "oauth-authorization-server"]) {
    const response = await get(connection, `/.well-known/${document}`);
    const { issuer } = await jsonObject(response);
    if (!response.ok) return { result: "failed", detail: `${document}: status ${response.status}` };
    if (issuer !== connection.server)
      return {
        result: "warning",
        detail: `the issuer is ${issuer}, the server was asked as ${connection.server}`,
      };
  }
  return { result: "ok", detail: `issuer ${connection.server}` };
}

/** Ten seconds is what tokens are given as clock tolerance. The Date header holds whole seconds. */
async function checkClock(connection: Connection): Promise<Found> {
  const began = Date.now();
  const date = (await get(connection, "/healthz")).headers.get("date");
  if (date === null) return { result: "skipped", detail: "the server sends no Date header" };
  const apart = Math.max(0, began - 1000 - Date.parse(date), Date.parse(date) - Date.now()) / 1000;
  const result = apart < 2 ? "ok" : apart < 10 ? "warning" : "failed";
  return { result, detail: `${apart.toFixed(1)} s apart from this machine's clock` };
}

async function checkCredentials(connection: Connection): Promise<Found> {
  const { credentials } = connection;
  await connection.token();
  const isFile = credentials.endsWith("admin.json");
  const mode = isFile && process.platform !== "win32" ? statSync(credentials).mode & 0o777 : 0o600;
  if ((mode & 0o077) !== 0)
    return {
      result: "failed",
      detail: `${credentials} can be read by others (mode ${mode.toString(8)}): chmod 600`,
    };
  await connection.admin.readSettings();
  return { result: "ok", detail: credentials };
}

async function checkStore(connection: Connection): Promise<Found> {
  const response = await get(connection, "/readyz");
  const { durability, detail } = await jsonObject(response);
  if (!response.ok) return { result: "failed", detail: String(detail ?? `status ${response.status}`) };
  const meaning = durability === "replicated" ? "on more than one machine" : "on this machine's disk";
  return { result: "ok", detail: `ready; what is answered is durable ${meaning} (${durability})` };
}

/** Which setting is in force, never the pepper itself. */
async function checkDigests(connection: Connection): Promise<Found> {
  const { digests } = await connection.admin.readSettings();
  if (digests.previous === undefined)
    return { result: "ok", detail: `tokens and secrets are stored as ${digests.current}` };
  const before =
    digests.previous === digests.current ? `${digests.previous} by another pepper` : digests.previous;
  return {
    result: "warning",
    detail: `stored as ${digests.current}; digests of before (${before}) are accepted too: take --previous-token-pepper away when they are no longer needed`,
  };
}

function get(connection: Connection, path: string): Promise<Response> {
  return fetchFrom(connection.server)(connection.server + path, {
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
}
