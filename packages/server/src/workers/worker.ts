// A worker's thread: a node of the server like any other, with its own memory and its own socket on the same address. It
// prepares by itself, listens when all are prepared, and stops when it is told to. docs/decisions/0014-workers.md.

import { enableCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { RunningServer } from "../start.ts";
import { failureOf } from "./failure.ts";
import { gathering } from "./gathering.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("a worker runs in a thread of its own");
const tell = (message: FromWorker): void => port.postMessage(message);

const { configuration, number, writer, compileCache }: WorkerStart = workerData; // typed boundary: set by `startWorkers`
if (compileCache !== undefined) enableCompileCache(compileCache);

const prepare = Promise.withResolvers<void>();
const listen = Promise.withResolvers<void>();
const started = Promise.withResolvers<RunningServer>();
const gather = gathering(tell);

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "prepare":
      prepare.resolve();
      return;
    case "listen":
      listen.resolve();
      return;
    case "stop":
      // One that could not start has nothing to stop.
      void started.promise.then((server) => server.close()).finally(() => process.exit(0));
      return;
    case "measure":
    case "gathered":
      void gather.receive(message);
      return;
  }
});

try {
  // After the compile cache, so that it holds for all of this.
  const { startNode } = await import("../start.ts");
  await prepare.promise;
  const server = await startNode(configuration, {
    number,
    writer,
    gather,
    allPrepared() {
      tell({ kind: "prepared" });
      return listen.promise;
    },
  });
  started.resolve(server);
  tell({ kind: "listening" });
  void server.failed.then((cause) => tell({ kind: "failed", failure: failureOf(cause) }));
} catch (error) {
  started.reject(error);
  started.promise.catch(() => undefined);
  tell({ kind: "failed", failure: failureOf(error) });
}
