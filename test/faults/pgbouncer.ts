// PgBouncer in transaction mode before a cluster of the tests: a pooler that gives each transaction another connection, so
// that nothing of a session lasts.

import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import type { Cluster } from "../postgres.ts";
import { until } from "./until.ts";

/** Server connections for each database: fewer than the nodes open to the pooler. */
const poolSize = 6;

export interface PgBouncer {
  readonly port: number;
  /** The address of a database of the cluster through the pooler. */
  through(url: string): string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export async function startPgBouncer(cluster: Cluster): Promise<PgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), "rescind-pooler-"));
  const account = unprivileged();
  const port = await freePort();
  const file = join(directory, "pgbouncer.ini");
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${cluster.port} user=${cluster.user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`,
  );
  for (const path of [directory, file]) chownSync(path, account.uid, account.gid);
  let said = "";
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = spawn("pgbouncer", ["-q", file], {
      ...account,
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
    });
    started.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child = started;
    await until("the pooler takes connections", async () => {
      if (started.exitCode !== null) throw new Error(`pgbouncer ended: ${said}`);
      return accepts(port);
    });
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill("SIGKILL");
    await exited;
  };
  await start();
  return {
    port,
    through: (url) => url.replace(`:${cluster.port}/`, `:${port}/`),
    kill,
    start,
    async stop() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** It refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } {
  const [own, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (own !== 0) return { uid: own, gid: group };
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  const account = ["postgres", "nobody"].map((name) => accounts.find((line) => line.startsWith(`${name}:`)));
  const [, , uid, gid] = (account[0] ?? account[1] ?? "").split(":");
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}
