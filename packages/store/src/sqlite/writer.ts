// The writer's thread: owns the only connection that writes, so that an fsync never stops an event loop. Whatever
// arrived since the last commit shares one transaction and one fsync. Several threads of the server may write through it,
// each by a port of its own; they are told when another one may have appended to the log.

import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Batches } from "./batches.ts";
import type { ToWriter, WriterSettings } from "./messages.ts";

const owner = parentPort;
if (owner === null) throw new Error("the writer runs in a thread of its own");

const settings: WriterSettings = workerData; // typed boundary: set by `SqliteExecutor`
const batches = new Batches(settings);
const connected = new Set<MessagePort>();

/** Every change of the log's head; more than appends change it, and waking somebody for nothing does no harm. */
const changesHead = /^\s*UPDATE feed_head\b/;

function serve(port: MessagePort): void {
  const texts: string[] = [];
  const appending = new Set<number>();
  port.on("message", (message: ToWriter) => {
    switch (message.kind) {
      case "batch": {
        for (const text of message.texts) {
          if (changesHead.test(text)) appending.add(texts.length);
          texts.push(text);
        }
        port.postMessage(batches.run(texts, message.intentions));
        if (connected.size > 1 && message.intentions.some(appends)) tellOthers(port);
        return;
      }
      case "connect":
        serve(message.port);
        return;
      case "close":
        if (port === owner) batches.close();
        port.postMessage({ kind: "closed" });
        port.close();
        return;
    }
  });
  // Of a thread that ended too: what it had sent is done, and nobody waits for it.
  port.on("close", () => connected.delete(port));
  connected.add(port);

  function appends({
    statements,
  }: {
    readonly statements: readonly (readonly [number, unknown])[];
  }): boolean {
    return statements.some(([text]) => appending.has(text));
  }
}

function tellOthers(port: MessagePort): void {
  for (const other of connected) if (other !== port) other.postMessage({ kind: "appended" });
}

serve(owner);
