// One worker as the main thread sees it.

import { Worker } from "node:worker_threads";
import { errorOf } from "./failure.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";

export interface Thread {
  /** Everything but listening is done. Rejects as the worker's start does. */
  readonly prepared: Promise<void>;
  readonly listening: Promise<void>;
  /** Resolves when its database failed, or it ended without having been told to. */
  readonly failed: Promise<Error>;
  /** Resolves when the thread is no more. */
  readonly ended: Promise<void>;
  tell(message: ToWorker): void;
  /** What it says beside its own start and end. */
  onMessage(listener: (message: FromWorker) => void): void;
  terminate(): Promise<void>;
}

export function startThread(start: WorkerStart): Thread {
  // Run from source or from the build, the worker is the file beside this one.
  const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: start,
    transferList: start.writer === undefined ? [] : [start.writer],
    // As young-memory.ts says of a server's only thread; of a thread there is a limit to set.
    resourceLimits: { maxYoungGenerationSizeMb: 48 },
  });
  const prepared = Promise.withResolvers<void>();
  const listening = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<Error>();
  const ended = Promise.withResolvers<void>();
  const listeners: ((message: FromWorker) => void)[] = [];
  let isTold = false;
  const fail = (error: Error): void => {
    prepared.reject(error);
    listening.reject(error);
    failed.resolve(error);
  };
  // Who waits for the one may have ceased to wait for the other.
  for (const { promise } of [prepared, listening]) promise.catch(() => undefined);
  worker.on("message", (message: FromWorker) => {
    if (message.kind === "prepared") prepared.resolve();
    if (message.kind === "listening") listening.resolve();
    if (message.kind === "failed") fail(errorOf(message.failure));
    for (const listener of listeners) listener(message);
  });
  worker.on("error", (error) => fail(error instanceof Error ? error : new Error(String(error))));
  worker.on("exit", () => {
    if (!isTold) fail(new Error(`worker ${start.number} ended`));
    ended.resolve();
  });
  return {
    prepared: prepared.promise,
    listening: listening.promise,
    failed: failed.promise,
    ended: ended.promise,
    tell(message) {
      if (message.kind === "stop") isTold = true;
      worker.postMessage(message);
    },
    onMessage: (listener) => listeners.push(listener),
    async terminate() {
      isTold = true;
      await worker.terminate();
    },
  };
}
