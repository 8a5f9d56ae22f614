// `--workers N`: several HTTP threads in one process, each a node with its own memory on the same address, over one
// SQLite writer or one PostgreSQL database. This thread answers no requests: it owns the writer, starts the workers, and
// ends all of them when one ends. docs/decisions/0014-workers.md.

import { chmodSync, mkdirSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { createServer } from "node:net";
import { openSharedSqlite, type SharedSqlite } from "@rescind/store";
import { destination, pino } from "pino";
import { type Configuration, sqlitePath } from "../configuration.ts";
import { loadMasterKey } from "../keys/master-key.ts";
import type { RunningServer } from "../start.ts";
import { measuring } from "./measuring.ts";
import { startThread, type Thread } from "./thread.ts";

/**
 * Starts the workers; resolves when all of them listen.
 * @throws what `startNode` throws in one of them, with its message and code
 */
export async function startWorkers(configuration: Configuration): Promise<RunningServer> {
  const { issuer, port, data } = configuration;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chmodSync(data, 0o700);
  // Made by one, before any of them looks for it.
  loadMasterKey(configuration.masterKey, data);
  await expectFree(configuration);
  const log = pino({ level: configuration.logLevel }, destination({ sync: true }));
  const failure = Promise.withResolvers<Error>();
  const shared = await openShared(configuration, failure.resolve);
  const threads: Thread[] = [];
  try {
    for (let number = 1; number <= configuration.workers; number++)
      threads.push(
        startThread({ configuration, number, writer: shared?.port(), compileCache: getCompileCacheDir() }),
      );
    measuring(threads);
    for (const thread of threads) {
      thread.tell({ kind: "prepare" });
      await thread.prepared;
    }
    for (const thread of threads) thread.tell({ kind: "listen" });
    await Promise.all(threads.map(({ listening }) => listening));
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.terminate()));
    await shared?.store.close();
    throw error;
  }
  // One that ends by itself is a defect: what it held in memory is gone, and the next start begins from what is stored.
  for (const thread of threads) void thread.failed.then(failure.resolve);
  return {
    issuer,
    port,
    log,
    failed: failure.promise,
    async close() {
      for (const thread of threads) thread.tell({ kind: "stop" });
      await Promise.all(threads.map(({ ended }) => ended));
      await shared?.store.close();
    },
  };
}

/** Brings the file up to date before anybody reads it, and starts its writer. */
async function openShared(
  { database, issuer }: Configuration,
  onFailure: (cause: Error) => void,
): Promise<SharedSqlite | undefined> {
  const path = sqlitePath(database);
  return path === undefined ? undefined : openSharedSqlite({ path, issuer, onFailure });
}

/** Workers share their address, with another server's too: so it is taken alone first. @throws the system's error */
function expectFree({ port, host }: Configuration): Promise<void> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once("error", reject);
    probe.listen({ port, host }, () => probe.close(() => resolve()));
  });
}
