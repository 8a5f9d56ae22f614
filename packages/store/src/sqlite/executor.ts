// The SQLite executor: reads on a connection of its own in this thread, writes in the writer's. A write waits in a
// bounded queue, goes over with everything else that waits, and is answered after the commit.

import { statSync } from "node:fs";
import { MessageChannel, type MessagePort, type TransferListItem, Worker } from "node:worker_threads";
import type { ApplyOptions, EngineFacts, Executor, Row, Statement } from "../executor.ts";
import { StoreUnavailable } from "../store.ts";
import type { Connection } from "./connection.ts";
import { HighWaterMark } from "./high-water-mark.ts";
import {
  type FromWriter,
  type Intention,
  isFailure,
  receivedOutcomes,
  sentIntentions,
  type ToWriter,
  type WriterSettings,
} from "./messages.ts";
import { Reads } from "./reads.ts";

export interface SqliteExecutorSettings extends WriterSettings {
  /** Intentions that may wait; urgent ones get twice as many places. */
  readonly queueLimit: number;
  /** Called when the disk or the file failed, or the writer ended: what was answered stands, the server should exit. */
  readonly onFailure: ((cause: Error) => void) | undefined;
  /** A way to the writer that another thread started; by default this one starts it. */
  readonly writer: MessagePort | undefined;
}

interface Waiting extends Intention {
  readonly sinceMs: number;
  readonly resolve: (rows: readonly (readonly Row[])[]) => void;
  readonly reject: (error: Error) => void;
}

/** Batches at the writer at once: one that runs and one ready, so that it does not wait for this thread between. */
const mostBatches = 2;
/** A batch is made ready beside one that runs only if it is worth a commit of its own; otherwise it grows meanwhile. */
const worthACommit = 32;
const mostIntentionsPerBatch = 1024;
/** Milliseconds an intention may wait; entries are kept by the longest transaction there may be (core, 30 s). */
const longestWaitMs = 20_000;

export class SqliteExecutor implements Executor {
  readonly #settings: SqliteExecutorSettings;
  readonly #reader: Connection;
  readonly #reads: Reads;
  readonly #writer: Worker | MessagePort;
  readonly #ownsWriter: boolean;
  readonly #listeners = new Set<() => void>();
  readonly #numbers = new Map<string, number>();
  #newTexts: string[] = [];
  #waiting: Waiting[] = [];
  readonly #sent: Waiting[][] = [];
  #isScheduled = false;
  #ended: Error | undefined;
  #closed: Promise<void> | undefined;
  #closing: { readonly resolve: () => void } | undefined;

  constructor(reader: Connection, settings: SqliteExecutorSettings) {
    this.#settings = settings;
    this.#reader = reader;
    this.#reads = new Reads(reader);
    const end = (error: unknown): void =>
      this.#end(error instanceof Error ? error : new Error(String(error)));
    this.#ownsWriter = settings.writer === undefined;
    this.#writer = settings.writer ?? startWriter(settings, end);
    this.#writer.on("message", (message: FromWriter) => this.#receive(message));
    this.#writer.on(this.#ownsWriter ? "exit" : "close", () => end("the writer's thread ended"));
    this.#writer.unref();
  }

  /** A way to this writer for another thread's executor, to be sent there. Close that one before this. */
  port(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#tell({ kind: "connect", port: port1 }, [port1]);
    return port2;
  }

  read(statement: Statement): Promise<readonly Row[]> {
    return this.#reads.add(statement);
  }

  apply(statements: readonly Statement[], options?: ApplyOptions): Promise<readonly (readonly Row[])[]> {
    const urgent = options?.urgent === true;
    if (this.#ended !== undefined || this.#closing !== undefined)
      return Promise.reject(new StoreUnavailable("The database is closed.", { cause: this.#ended }));
    if (this.#waiting.length >= this.#settings.queueLimit * (urgent ? 2 : 1))
      return Promise.reject(new StoreUnavailable("Too many writes are waiting."));
    // On the way to the writer it would stand for bytes, and what follows for something else.
    if (statements.some(({ params }) => params.some((value) => value === undefined)))
      return Promise.reject(new TypeError("a statement's parameter is not given"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, urgent, sinceMs: performance.now(), resolve, reject });
      this.#schedule();
    });
  }

  async facts(): Promise<EngineFacts> {
    const [row] = await this.read({ sql: "SELECT sqlite_version()", params: [] });
    const bytes = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    const { path } = this.#settings;
    return {
      engine: "sqlite",
      version: String(row?.[0]),
      durability: "local",
      bytes: bytes(path) + bytes(`${path}-wal`),
    };
  }

  /** Nobody else writes but the other threads of this server. */
  onCommitElsewhere(listener: () => void): void {
    this.#listeners.add(listener);
  }

  onConnected(): void {}

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<void> {
    const isWhole = this.#ended === undefined;
    if (isWhole)
      await new Promise<void>((resolve) => {
        this.#closing = { resolve };
        this.#writer.ref();
        this.#flush();
      });
    // The last connection to close puts what the write-ahead log holds into the file: that of whoever owns the writer.
    this.#reads.flush();
    this.#reader.close();
    if (isWhole && this.#ownsWriter) this.#noteEnd();
  }

  #noteEnd(): void {
    try {
      new HighWaterMark(this.#settings.path).close();
    } catch {
      // A full disk, or a directory that was removed: the mark stays as it is, and asks for a look at the next start.
    }
  }

  #numberOf(sql: string): number {
    const known = this.#numbers.get(sql);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(sql, number);
    this.#newTexts.push(sql);
    return number;
  }

  /** Everything of this turn of the event loop goes together. */
  #schedule(): void {
    if (this.#isScheduled || this.#sent.length >= mostBatches) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#maySend()) {
      const batch = this.#takeBatch();
      if (batch.length === 0) continue;
      const sent = sentIntentions(batch, (sql) => this.#numberOf(sql));
      const texts = this.#newTexts;
      this.#newTexts = [];
      this.#sent.push(batch);
      if (this.#sent.length === 1) this.#writer.ref();
      this.#tell({ kind: "batch", texts, ...sent });
    }
    if (this.#closing !== undefined && this.#sent.length === 0 && this.#waiting.length === 0)
      this.#tell({ kind: "close" });
  }

  #maySend(): boolean {
    if (this.#ended !== undefined || this.#sent.length >= mostBatches) return false;
    return this.#waiting.length >= (this.#sent.length === 0 ? 1 : worthACommit);
  }

  /** The next to go, without those that waited too long. */
  #takeBatch(): Waiting[] {
    const batch = this.#waiting.splice(0, mostIntentionsPerBatch);
    const since = performance.now() - longestWaitMs;
    const late = batch.filter(({ sinceMs }) => sinceMs < since);
    if (late.length === 0) return batch;
    for (const { reject } of late) reject(new StoreUnavailable("The write waited too long."));
    return batch.filter(({ sinceMs }) => sinceMs >= since);
  }

  #tell(message: ToWriter, transfer: readonly TransferListItem[] = []): void {
    this.#writer.postMessage(message, transfer);
  }

  #receive(message: FromWriter): void {
    if (message.kind === "appended") {
      for (const listener of this.#listeners) listener();
      return;
    }
    if (message.kind === "failed") {
      const { failure } = message;
      this.#settings.onFailure?.(
        new StoreUnavailable(`The database failed: ${failure.message}`, { cause: failure }),
      );
      return;
    }
    if (message.kind === "closed") {
      this.#ended = new Error("the store was closed");
      this.#closing?.resolve();
      return;
    }
    const batch = this.#sent.shift() ?? [];
    const counts = batch.map(({ statements }) => statements.length);
    const outcomes = receivedOutcomes(message.flat, counts);
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index] ?? { message: "no answer", code: 0 };
      if (!isFailure(outcome)) resolve(outcome);
      else reject(new StoreUnavailable("The database did not confirm the write.", { cause: outcome }));
    }
    if (this.#sent.length === 0) this.#writer.unref();
    this.#flush();
  }

  /** The writer is gone without having been told to: what it had not answered is unknown. */
  #end(cause: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = cause;
    for (const { reject } of [...this.#sent.flat(), ...this.#waiting])
      reject(new StoreUnavailable("The writer's thread ended.", { cause }));
    this.#sent.length = 0;
    this.#waiting = [];
    this.#settings.onFailure?.(new StoreUnavailable("The writer's thread ended.", { cause }));
    this.#closing?.resolve();
  }
}

function startWriter(settings: SqliteExecutorSettings, onError: (error: unknown) => void): Worker {
  const { path, busyTimeoutMs, reserveBytes } = settings;
  // Run from source or from the build, the writer is the file beside this one.
  const file = import.meta.url.endsWith(".ts") ? "./writer.ts" : "./writer.js";
  const writer = new Worker(new URL(file, import.meta.url), {
    workerData: { path, busyTimeoutMs, reserveBytes },
  });
  writer.on("error", onError);
  return writer;
}
