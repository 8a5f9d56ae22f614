// The wake-up between nodes: whoever has appended to the log says so on a channel, and whoever listens is called. On a
// connection of its own, since LISTEN goes through no pooler. Nothing depends on it but latency.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import type { Statement } from "../executor.ts";
import type { Address } from "./address.ts";
import { connectPrimary, end } from "./primary.ts";

const channel = "rescind_log";
const retryMs = 1000;

export class Listener {
  /** Tells the other nodes; done after the commit. */
  readonly tellOthers: Statement;
  readonly #address: Address;
  readonly #own = randomUUID();
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #client: pg.Client | undefined;
  #listening: Promise<void> | undefined;

  constructor(address: Address) {
    const { listener } = address;
    this.#address = listener === undefined ? address : { ...address, servers: [listener] };
    this.tellOthers = { sql: "SELECT pg_notify($1, $2)", params: [channel, this.#own] };
  }

  add(listener: () => void): void {
    this.#listeners.add(listener);
    this.#listening ??= this.#listen();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    if (this.#client !== undefined) await end(this.#client);
    await this.#listening;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (!(await this.#listenOnce())) return;
      } catch {
        // Nobody waits for this connection: what was missed is asked for now and then.
      }
      await pause(retryMs, undefined, { ref: false, signal }).catch(() => {});
    }
  }

  /** Until the connection ends; false where LISTEN does not reach the server. */
  async #listenOnce(): Promise<boolean> {
    const { client, process } = await connectPrimary(this.#address);
    if (process === undefined || this.#stopping.signal.aborted) {
      await end(client);
      return false;
    }
    this.#client = client;
    const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
    client.on("notification", ({ payload }) => {
      if (payload !== this.#own) this.#call();
    });
    await client.query(`LISTEN ${channel}`);
    // What came before is not told again.
    this.#call();
    await ended;
    return true;
  }

  #call(): void {
    for (const listener of this.#listeners) listener();
  }
}
