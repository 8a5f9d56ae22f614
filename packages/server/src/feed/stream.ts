// Live subscribers of the log: text/event-stream. One serialised buffer for all of them; a subscriber that does not
// read is dropped and comes back with its position. DESIGN.md section 5, THREATS FD-07, FD-09.

import type { ServerResponse } from "node:http";
import { type AccessToken, formatPosition } from "@rescind/core";
import type { LoggedEntry } from "@rescind/store";
import type { BearerParts } from "../tokens/bearer.ts";
import { isStillLive } from "../tokens/bearer.ts";
import { wireEntry } from "./wire.ts";

/** Bytes waiting for one subscriber before it is dropped. */
const mostWaiting = 1 << 20;
const keepAliveMs = 15_000;

export interface Subscriber {
  readonly response: ServerResponse;
  readonly token: AccessToken;
  /** The number it has been sent beforehand; the node's memory may be behind it. */
  readonly sentUpTo: number;
}

export interface FeedStream {
  readonly subscribers: number;
  /** Sends everything after `sentUpTo` as it comes; the caller has sent what is up to it. */
  add(subscriber: Subscriber): void;
  close(): void;
}

export function feedStream(parts: Pick<BearerParts, "standing" | "issuer">, now: () => number): FeedStream {
  const subscribers = new Set<Subscriber>();
  let closed = false;

  const send = (subscriber: Subscriber, bytes: Uint8Array | string): void => {
    const { response, token } = subscriber;
    const isReading = response.writableLength <= mostWaiting;
    if (isReading) response.write(bytes);
    if (isReading && isStillLive(token, parts, now() / 1000)) return;
    subscribers.delete(subscriber);
    // What ended the subscriber's own credential is the last that it is told, so that it need not ask for it anew.
    if (isReading) response.end();
    else response.destroy();
  };
  const unsubscribe = parts.standing.subscribe((entries) => {
    if (subscribers.size === 0) return;
    const bytes = Buffer.from(eventText(entries));
    const first = entries[0]?.seq ?? 0;
    for (const subscriber of subscribers) {
      if (subscriber.sentUpTo < first) send(subscriber, bytes);
      else send(subscriber, eventText(entries.filter((entry) => entry.seq > subscriber.sentUpTo)));
    }
  });
  const keepAlive = setInterval(() => {
    for (const subscriber of subscribers) send(subscriber, ":\n\n");
  }, keepAliveMs).unref();

  return {
    get subscribers() {
      return subscribers.size;
    },
    add(subscriber) {
      if (closed) {
        subscriber.response.end();
        return;
      }
      subscribers.add(subscriber);
      subscriber.response.on("close", () => subscribers.delete(subscriber));
    },
    close() {
      closed = true;
      clearInterval(keepAlive);
      unsubscribe();
      for (const { response } of subscribers) response.end();
    },
  };
}

/** Entries as server-sent events, `id: SEQ.HASH`. */
export function eventText(entries: readonly LoggedEntry[]): string {
  return entries.map(event).join("");
}

function event(entry: LoggedEntry): string {
  return `event: entry\nid: ${formatPosition(entry)}\ndata: ${JSON.stringify(wireEntry(entry))}\n\n`;
}
