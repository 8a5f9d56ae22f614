// The writer's thread: owns the only connection that writes, so that an fsync never stops the event loop. Whatever
// arrived since the last commit shares one transaction and one fsync.

import { parentPort, workerData } from "node:worker_threads";
import { Batches } from "./batches.ts";
import type { ToWriter, WriterSettings } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("the writer runs in a thread of its own");

const settings: WriterSettings = workerData; // typed boundary: set by `SqliteExecutor`
const batches = new Batches(settings);

port.on("message", (message: ToWriter) => {
  switch (message.kind) {
    case "batch":
      port.postMessage(batches.run(message.texts, message.intentions));
      return;
    case "close":
      batches.close();
      port.postMessage({ kind: "closed" });
      port.close();
      return;
  }
});
