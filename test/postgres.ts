// PostgreSQL clusters of the tests' own: each in a temporary directory, on a port and a socket of its own, gone
// afterwards. Many tests share one, each with a fresh database.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

export interface ClusterOptions {
  /** Off by default: quick, and safe against anything but a crash of the machine. Addresses say so to the server. */
  readonly fsync?: boolean | undefined;
  /** Further settings, as `-c name=value`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

export interface Cluster {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The directory of the Unix socket. */
  readonly socket: string;
  readonly user: string;
  /** An address for `--database`; the database `postgres` where none is named. `parameters` as in a query string. */
  url(database?: string, parameters?: string): string;
  /** Makes an empty database; its address. */
  freshDatabase(parameters?: string): Promise<string>;
  /** Rows of one statement run on a connection of its own, by the driver and past the product. */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** What the server has logged so far. */
  log(): string;
  /** As if the machine's power went: no clean end, no last checkpoint (`pg_ctl stop -m immediate`). */
  kill(): Promise<void>;
  /** Starts again on the same data and port, with these settings beside the first ones; ends it cleanly before if it runs. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** A standby that streams from this one; `synchronous`: commits here wait for it from now on. */
  standby(options?: { readonly synchronous?: boolean | undefined }): Promise<Cluster>;
  /** Makes a standby the primary; resolves when it takes writes. */
  promote(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const user = "rescind";
const startMs = 60_000;

/** Directory of `initdb` and `postgres`. @throws Error if PostgreSQL is not installed: scripts/prepare.js brings it */
export function postgresBinaries(): string {
  const packaged = "/usr/lib/postgresql";
  const versions = existsSync(packaged)
    ? readdirSync(packaged).map((version) => join(packaged, version, "bin"))
    : [];
  const onPath = (process.env.PATH ?? "").split(delimiter);
  const found = [...versions, ...onPath].find((directory) => existsSync(join(directory, "initdb")));
  if (found === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  return found;
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { directory, account } = makeDirectory();
  const init = [
    "-D",
    join(directory, "data"),
    "-U",
    user,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ];
  run("initdb", init, directory, account);
  return started({ directory, account, port: await freePort(), options });
}

interface Made {
  readonly directory: string;
  readonly account: Account;
  readonly port: number;
  readonly options: ClusterOptions;
}

async function started({ directory, account, port, options }: Made): Promise<Cluster> {
  const { fsync = false } = options;
  const log: string[] = [];
  let settings = { ...options.settings };
  let databases = 0;
  const start = async () => {
    const flags = Object.entries({
      listen_addresses: "127.0.0.1",
      port: String(port),
      unix_socket_directories: directory,
      fsync: fsync ? "on" : "off",
      ...settings,
    }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const process = spawn(join(postgresBinaries(), "postgres"), ["-D", join(directory, "data"), ...flags], {
      ...account,
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const from = log.length;
    process.stderr.setEncoding("utf8").on("data", (text: string) => log.push(text));
    await until(async () => {
      const said = log.slice(from).join("");
      if (process.exitCode !== null) throw new Error(`postgres ended: ${said}`);
      return /ready to accept (read-only )?connections/.test(said);
    }, startMs);
    return process;
  };
  let server = await start();

  const cluster: Cluster = {
    host: "127.0.0.1",
    port,
    socket: directory,
    user,
    url(database = "postgres", parameters = "") {
      const query = [fsync ? "" : "rescind_unsafe_fsync_off=1", parameters].filter((part) => part !== "");
      return `postgres://${user}@127.0.0.1:${port}/${database}${query.length > 0 ? `?${query.join("&")}` : ""}`;
    },
    async freshDatabase(parameters) {
      databases += 1;
      const name = `test_${databases}`;
      await cluster.query(`CREATE DATABASE ${name}`);
      return cluster.url(name, parameters);
    },
    async query(sql, database = "postgres") {
      const client = new pg.Client({ host: "127.0.0.1", port, user, database });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    },
    log: () => log.join(""),
    kill: () => ended(server, "SIGQUIT"),
    async restart(more = {}) {
      await ended(server, "SIGINT");
      settings = { ...settings, ...more };
      server = await start();
    },
    async standby({ synchronous = false } = {}) {
      const made = makeDirectory();
      const from = `host=127.0.0.1 port=${port} user=${user} application_name=standby`;
      const copy = [
        "-D",
        join(made.directory, "data"),
        "-d",
        from,
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
        "--no-sync",
      ];
      run("pg_basebackup", copy, made.directory, made.account);
      const standby = await started({ ...made, port: await freePort(), options });
      await until(async () => {
        const [row] = await cluster.query(
          "SELECT count(*)::int AS n FROM pg_stat_replication WHERE state = 'streaming'",
        );
        return row?.n !== 0;
      }, startMs);
      if (synchronous) {
        await cluster.query("ALTER SYSTEM SET synchronous_standby_names = '1 (standby)'");
        await cluster.query("SELECT pg_reload_conf()");
        await until(async () => {
          const [row] = await cluster.query("SELECT sync_state FROM pg_stat_replication");
          return row?.sync_state === "sync";
        }, startMs);
      }
      return standby;
    },
    async promote() {
      // What it took over from the primary would make it wait for a standby of its own.
      await cluster.query("ALTER SYSTEM RESET synchronous_standby_names");
      await cluster.query("SELECT pg_reload_conf()");
      await cluster.query("SELECT pg_promote(true, 60)");
      await until(async () => {
        const [row] = await cluster.query("SELECT pg_is_in_recovery() AS waits");
        return row?.waits === false;
      }, startMs);
    },
    async stop() {
      await ended(server, "SIGINT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return cluster;
}

/** Sends the signal and waits; an end that takes long is made short. */
async function ended(server: ChildProcess, signal: "SIGINT" | "SIGQUIT"): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  const impatient = setTimeout(() => server.kill("SIGQUIT"), 20_000);
  await exited;
  clearTimeout(impatient);
}

function makeDirectory(): { directory: string; account: Account } {
  const account = unprivileged();
  const directory = mkdtempSync(join(tmpdir(), "rescind-pg-"));
  if (account.uid !== undefined && account.gid !== undefined) chownSync(directory, account.uid, account.gid);
  return { directory, account };
}

function run(program: string, flags: readonly string[], directory: string, account: Account): void {
  const path = join(postgresBinaries(), program);
  const made = spawnSync(path, flags, { ...account, cwd: directory, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`${program} failed: ${made.stderr}`);
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, else `nobody`. */
function unprivileged(): Account {
  if (process.getuid?.() !== 0) return {};
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  const account = ["postgres", "nobody"].map((name) => accounts.find((line) => line.startsWith(`${name}:`)));
  const [, , uid, gid] = (account[0] ?? account[1] ?? "").split(":");
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}
