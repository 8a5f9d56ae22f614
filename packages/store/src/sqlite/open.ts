// Opens the embedded database: the file checked and current, the writer's thread, the store over both.

import type { Position } from "@rescind/core";
import type { Statement } from "../executor.ts";
import { pendingStatement } from "../intentions/whereabouts.ts";
import { openSqlStore, type SqlStoreOptions } from "../sql-store.ts";
import type { Store } from "../store.ts";
import { SqliteExecutor } from "./executor.ts";
import { openFile } from "./file.ts";

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
}

/** @throws StoreRefused damaged, newer than this program, or another issuer's */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  const { path, busyTimeoutMs = 5000, queueLimit = 20_000, reserveBytes = 4 * 1024 * 1024 } = options;
  const { reader, lost } = openFile({ path, busyTimeoutMs });
  const { onFailure } = options;
  const executor = new SqliteExecutor(reader, { path, busyTimeoutMs, reserveBytes, queueLimit, onFailure });
  try {
    // Before anything else is written: the first commit takes the mark that tells it along.
    if (lost !== undefined) await executor.apply([olderCopy(lost)], { urgent: true });
    return await openSqlStore(executor, options);
  } catch (error) {
    await executor.close();
    throw error;
  }
}

function olderCopy(lost: Position): Statement {
  return pendingStatement({ cause: "behind", atMs: Date.now(), above: lost.seq, keepTokens: false });
}
