// A real redis-server of a test's own: its port or socket, its directory, stopped and its files removed at the end.

import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Where it keeps its files. */
  readonly directory: string;
  /** A connection of the test's own. */
  readonly ask: Redis;
  /** Ends the process at once and starts another on the same port and directory. */
  restart(): Promise<void>;
  /** Ends the process at once. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** The process, for signals. */
  signal(signal: NodeJS.Signals): void;
  /** Writes the dataset as it is now into a file of this name, in its directory. */
  save(name: string): Promise<void>;
  /** Ends the process, and starts it with the dataset of that file. */
  goBackTo(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Ended with the tests, however these end. */
const started = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});
// A run that is ended from outside would leave them behind otherwise.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1));

/** @param settings as on redis-server's command line; nothing is kept on disk unless they say so */
export async function startRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), "rescind-redis-"));
  const port = await freePort();
  const flags = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    directory,
    "--save",
    "",
    ...settings,
  ];
  let child: ChildProcess | undefined;
  const password = passwordIn(settings);
  const ask = new Redis({
    port,
    lazyConnect: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    ...(password === undefined ? {} : { password }),
  });
  ask.on("error", () => undefined); // a test that ends the server knows why
  const redis: TestRedis = {
    port,
    url:
      password === undefined
        ? `redis://127.0.0.1:${port}`
        : `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    directory,
    ask,
    async restart() {
      await redis.kill();
      await redis.start();
    },
    async kill() {
      const ending = child;
      child = undefined;
      if (ending !== undefined) started.delete(ending);
      if (ending === undefined || ending.exitCode !== null) return;
      const ended = new Promise((resolve) => ending.once("exit", resolve));
      ending.kill("SIGKILL");
      await ended;
    },
    async start() {
      child = spawn("redis-server", flags, { stdio: "ignore" });
      started.add(child);
      await until(async () => (await ask.ping().catch(() => undefined)) === "PONG");
    },
    signal(signal) {
      child?.kill(signal);
    },
    async save(name) {
      await ask.save();
      copyFileSync(join(directory, "dump.rdb"), join(directory, name));
    },
    async goBackTo(name) {
      await redis.kill();
      copyFileSync(join(directory, name), join(directory, "dump.rdb"));
      await redis.start();
    },
    async close() {
      ask.disconnect();
      await redis.kill();
      if (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}

function passwordIn(settings: readonly string[]): string | undefined {
  const at = settings.indexOf("--requirepass");
  return at === -1 ? undefined : settings[at + 1];
}
