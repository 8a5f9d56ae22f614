// `rescind watch`: the live feed (CONTRACT.md section 6), one line an entry, as verifiers get it: without identifiers.
// Reconnects where it left off until it is interrupted.

import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { type Connection, type ConnectionOptions, connect, connectable } from "../connection.ts";
import { readEvents } from "../event-stream.ts";
import { fetchFrom, jsonObject } from "../exchange.ts";
import { Failure, refused, unavailable } from "../failure.ts";
import { printable } from "../output.ts";
import { wholeNumber } from "../parameters.ts";

interface Options extends ConnectionOptions {
  readonly after?: string;
  readonly count?: number;
}

/** Milliseconds before a dropped connection is tried again. */
const retryDelay = 1000;

export function addWatch(program: Command): void {
  connectable(program.command("watch"))
    .description("follow the revocation feed (scope rescind:feed)")
    .option("--after <position>", "begin after SEQ or SEQ.HASH instead of now; 0: from what is kept")
    .option("--count <entries>", "end after so many entries", wholeNumber)
    .action(async (options: Options) => {
      const connection = connect(options);
      await follow(connection, options, options.after ?? (await headOf(connection)));
    });
}

async function follow(connection: Connection, options: Options, from: string): Promise<void> {
  let position = from;
  let left = options.count ?? Number.POSITIVE_INFINITY;
  let stream = await open(connection, position);
  for (;;) {
    try {
      for await (const event of readEvents(stream)) {
        if (event.event !== "entry") continue;
        position = event.id ?? position;
        show(options, event.data);
        if (--left <= 0) return;
      }
      console.error("rescind: the server ended the stream");
    } catch (error) {
      console.error(`rescind: the stream broke: ${error instanceof Error ? error.message : error}`);
    }
    stream = await reopen(connection, position);
  }
}

/** Tries until the server answers; a refusal (the position is gone, the credentials no longer hold) ends it. */
async function reopen(connection: Connection, after: string): Promise<ReadableStream<Uint8Array>> {
  for (;;) {
    await pause(retryDelay);
    try {
      return await open(connection, after);
    } catch (error) {
      if (!(error instanceof Failure) || !error.mayPass) throw error;
    }
  }
}

async function open(connection: Connection, after: string): Promise<ReadableStream<Uint8Array>> {
  const response = await ask(connection, `after=${encodeURIComponent(after)}`, "text/event-stream");
  if (response.body === null) throw refused("the server sent no stream");
  return response.body;
}

/** Where the log stands now. */
async function headOf(connection: Connection): Promise<string> {
  const { head } = await jsonObject(await ask(connection, "limit=1", "application/json"));
  return String(head);
}

async function ask(connection: Connection, query: string, accept: string): Promise<Response> {
  const { server } = connection;
  const response = await fetchFrom(server)(`${server}/revocations?${query}`, {
    headers: { accept, authorization: `Bearer ${await connection.feedToken()}` },
    redirect: "error",
  });
  if (response.ok) return response;
  const { detail } = await jsonObject(response);
  const message = `${detail ?? `status ${response.status}`}`;
  throw response.status >= 500 ? unavailable(message) : refused(message);
}

function show(options: Options, data: string): void {
  if (options.json === true) console.log(data);
  else console.log(`${new Date().toISOString()}  ${printable(membersOf(data))}`);
}

function membersOf(data: string): string {
  const entry: unknown = JSON.parse(data);
  const members = Object.entries(typeof entry === "object" && entry !== null ? entry : {});
  return members.map(([name, value]) => `${name}=${value}`).join(" ");
}
