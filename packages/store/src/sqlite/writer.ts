// The writer's thread: owns the only connection that writes, so that an fsync never stops an event loop. Whatever
// arrived since the last commit shares one transaction and one fsync. Several threads of the server may write through it,
// each by a port of its own; they are told when another one may have appended to the log.

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { appendOrders } from "../intentions/append.ts";
import { Batches } from "./batches.ts";
import {
  type FromWriter,
  type Intention,
  receivedIntentions,
  type SentBatch,
  sentOutcomes,
  type ToWriter,
  type WriterSettings,
} from "./messages.ts";

const owner = parentPort;
if (owner === null) throw new Error("the writer runs in a thread of its own");

const settings: WriterSettings = workerData; // typed boundary: set by `SqliteExecutor`
const batches = new Batches(settings);
/** The ports of those who write, and the texts that each has told. */
const connected = new Map<MessagePort, string[]>();
/** Intentions that share a transaction with what came by other ports, if there are not more. */
const enough = 1024;

/** Every change of the log's head; more than appends change it, and waking somebody for nothing does no harm. */
const changesHead = /^\s*UPDATE feed_head\b/;

interface Received {
  readonly port: MessagePort;
  readonly intentions: readonly Intention[];
}

function serve(port: MessagePort): void {
  connected.set(port, []);
  port.on("message", (message: ToWriter) => receive(port, message));
  // Of a thread that ended too: what it had sent is done, and nobody waits for it.
  port.on("close", () => connected.delete(port));
}

function receive(port: MessagePort, message: ToWriter): void {
  switch (message.kind) {
    case "batch":
      runWithOthers(port, message);
      return;
    case "connect":
      serve(message.port);
      return;
    case "close":
      if (port === owner) batches.close();
      tell(port, { kind: "closed" });
      port.close();
      return;
  }
}

/** Runs a batch in one transaction with whatever else has arrived. */
function runWithOthers(first: MessagePort, batch: SentBatch): void {
  const received = [taken(first, batch)];
  let count = received[0]?.intentions.length ?? 0;
  const later: (readonly [MessagePort, ToWriter])[] = [];
  for (const port of connected.keys())
    while (count < enough && later.length === 0) {
      // Typed boundary: sent by `SqliteExecutor`.
      const next: { readonly message: ToWriter } | undefined = receiveMessageOnPort(port);
      if (next === undefined) break;
      if (next.message.kind === "batch") {
        const also = taken(port, next.message);
        received.push(also);
        count += also.intentions.length;
      } else later.push([port, next.message]);
    }
  run(received);
  for (const [port, message] of later) receive(port, message);
}

function taken(port: MessagePort, batch: SentBatch): Received {
  const texts = connected.get(port) ?? [];
  texts.push(...batch.texts);
  return { port, intentions: receivedIntentions(batch, texts) };
}

function run(received: readonly Received[]): void {
  const { outcomes, broken } = batches.run(received.flatMap(({ intentions }) => intentions));
  let at = 0;
  for (const { port, intentions } of received) {
    const flat = sentOutcomes(outcomes.slice(at, at + intentions.length));
    at += intentions.length;
    tell(port, { kind: "done", flat });
  }
  if (connected.size > 1) for (const { port, intentions } of received) tellOthers(port, intentions);
  const failure = broken ?? batches.tidy();
  if (failure !== undefined) for (const port of connected.keys()) tell(port, { kind: "failed", failure });
}

function tellOthers(port: MessagePort, intentions: readonly Intention[]): void {
  if (!intentions.some(appends)) return;
  for (const other of connected.keys()) if (other !== port) tell(other, { kind: "appended" });
}

function appends({ statements }: Intention): boolean {
  return statements.some(({ sql }) => sql === appendOrders || changesHead.test(sql));
}

function tell(port: MessagePort, message: FromWriter): void {
  port.postMessage(message);
}

serve(owner);
