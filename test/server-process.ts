// A server in a process of its own, for tests that read its log or end it by a signal.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./running-server.ts";
import { until } from "./until.ts";

export interface ServerProcess {
  readonly issuer: string;
  readonly data: string;
  readonly adminSecret: string;
  readonly child: ChildProcess;
  /** Everything written to standard output and standard error so far. */
  output(): string;
  /** Sends the signal and resolves to the exit status, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  /** Stops the process and removes its data. */
  close(): Promise<void>;
}

const program =
  "import { serveFromCommandLine } from '@rescind/server'; await serveFromCommandLine(process.argv.slice(1), process.env);";

/** Starts a server and resolves once it answers; `flags` as on the command line. */
export async function startServerProcess(
  flags: readonly string[] = [],
  env: Record<string, string> = {},
  data = mkdtempSync(join(tmpdir(), "rescind-test-")),
): Promise<ServerProcess> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const argv = ["--conditions=source", "--input-type=module", "-e", program, "--"];
  const child = spawn(process.execPath, [...argv, "--port", String(port), "--data", data, ...flags], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      written += chunk.toString("latin1");
    });
  const ended = once(child, "exit").then(([code, signal]) => (signal ?? code ?? 1) as number | string); // Node's own
  const running: ServerProcess = {
    issuer,
    data,
    adminSecret: "",
    child,
    output: () => written,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
    async close() {
      await running.stop("SIGKILL");
      rmSync(data, { recursive: true, force: true });
    },
  };
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${written}`);
    return fetch(`${issuer}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  }, 30_000);
  const { client_secret: adminSecret } = JSON.parse(readFileSync(join(data, "admin.json"), "utf8"));
  return { ...running, adminSecret };
}
