// Opens the embedded database: the file checked and current, the writer's thread, the store over both.

import type { MessagePort } from "node:worker_threads";
import type { Position } from "@rescind/core";
import type { Statement } from "../executor.ts";
import { pendingStatement } from "../intentions/whereabouts.ts";
import { openSqlStore, type SqlStoreOptions } from "../sql-store.ts";
import type { Store } from "../store.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { SqliteExecutor } from "./executor.ts";
import { type OpenedFile, openFile } from "./file.ts";

export interface SqliteOptions extends SqlStoreOptions {
  /** Made, in a directory made for it where needed, if it does not exist. */
  readonly path: string;
  /** Milliseconds a write waits for another process that holds the database; 5,000 by default. */
  readonly busyTimeoutMs?: number | undefined;
  /** Writes that may wait; 20,000 by default. Revocations get twice as many places. */
  readonly queueLimit?: number | undefined;
  /** Disk space kept back so that revocations go on when it is full; 4 MiB by default, 0 for none. */
  readonly reserveBytes?: number | undefined;
  /**
   * Called when the disk or the file failed. Everything answered stands; what was in flight was rejected. The server
   * should exit, so that the next start reads what is really there.
   */
  readonly onFailure?: ((cause: Error) => void) | undefined;
  /**
   * From `SharedSqlite.port` of the thread that has opened this file and its writer; `nodeId` must be given then, and
   * differ from that of every other thread.
   */
  readonly writer?: MessagePort | undefined;
}

/** A store whose writer other threads of this process may use too. Close it after theirs. */
export interface SharedSqlite {
  readonly store: Store;
  /** A way to the writer for one other thread, to be sent there. */
  port(): MessagePort;
}

/** @throws StoreRefused damaged, newer than this program, or another issuer's */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  const { store } = await openSharedSqlite(options);
  return store;
}

/** @throws StoreRefused as `openSqlite` */
export async function openSharedSqlite(options: SqliteOptions): Promise<SharedSqlite> {
  const { path, busyTimeoutMs = 5000, queueLimit = 20_000, reserveBytes = 4 * 1024 * 1024 } = options;
  const { onFailure, writer } = options;
  const { reader, lost } =
    writer === undefined ? openFile({ path, busyTimeoutMs }) : openedElsewhere({ path, busyTimeoutMs });
  const settings = { path, busyTimeoutMs, reserveBytes, queueLimit, onFailure, writer };
  const executor = new SqliteExecutor(reader, settings);
  try {
    // Before anything else is written: the first commit takes the mark that tells it along.
    if (lost !== undefined) await executor.apply([olderCopy(lost)], { urgent: true });
    return { store: await openSqlStore(executor, options), port: () => executor.port() };
  } catch (error) {
    await executor.close();
    throw error;
  }
}

/** The thread that owns the writer has looked at the file and brought it up to date. */
function openedElsewhere(options: ConnectionOptions): OpenedFile {
  const reader = new Connection(options);
  reader.readOnly();
  return { reader, lost: undefined };
}

function olderCopy(lost: Position): Statement {
  return pendingStatement({ cause: "behind", atMs: Date.now(), above: lost.seq, keepTokens: false });
}
