// A PostgreSQL of the test's own: a cluster in a temporary directory, reached by a socket in it, gone afterwards.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { until } from "../../../../test/until.ts";

export interface Cluster {
  /** Directory of the socket, as `host`. */
  readonly host: string;
  readonly user: string;
  readonly database: string;
  stop(): Promise<void>;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** Directory of `initdb` and `postgres`; undefined if PostgreSQL is not installed. */
export function postgresBinaries(): string | undefined {
  const packaged = "/usr/lib/postgresql";
  const versions = existsSync(packaged)
    ? readdirSync(packaged).map((version) => join(packaged, version, "bin"))
    : [];
  const onPath = (process.env.PATH ?? "").split(delimiter);
  return [...versions, ...onPath].find((directory) => existsSync(join(directory, "initdb")));
}

export async function startCluster(binaries: string): Promise<Cluster> {
  const account = unprivileged();
  const directory = mkdtempSync(join(tmpdir(), "rescind-pg-"));
  if (account.uid !== undefined && account.gid !== undefined) chownSync(directory, account.uid, account.gid);
  const data = join(directory, "data");
  const init = ["-D", data, "-U", "rescind", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  const made = spawnSync(join(binaries, "initdb"), init, { ...account, cwd: directory, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const settings = [
    "-c",
    "listen_addresses=",
    "-c",
    `unix_socket_directories=${directory}`,
    "-c",
    "fsync=off",
  ];
  const server = spawn(join(binaries, "postgres"), ["-D", data, ...settings], {
    ...account,
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  server.stderr.setEncoding("utf8").on("data", (text: string) => log.push(text));
  await until(async () => {
    if (server.exitCode !== null) throw new Error(`postgres ended: ${log.join("")}`);
    return (
      existsSync(join(directory, ".s.PGSQL.5432")) && log.join("").includes("ready to accept connections")
    );
  }, 60_000);
  return {
    host: directory,
    user: "rescind",
    database: "postgres",
    async stop() {
      await ended(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Lets connections that are just closing close; those that a failed test left open end with the server. */
async function ended(server: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => server.on("exit", resolve));
  server.kill("SIGTERM");
  const impatient = setTimeout(() => server.kill("SIGQUIT"), 10_000);
  await exited;
  clearTimeout(impatient);
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, else `nobody`. */
function unprivileged(): Account {
  if (process.getuid?.() !== 0) return {};
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  const account = ["postgres", "nobody"].map((name) => accounts.find((line) => line.startsWith(`${name}:`)));
  const [, , uid, gid] = (account[0] ?? account[1] ?? "").split(":");
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}
