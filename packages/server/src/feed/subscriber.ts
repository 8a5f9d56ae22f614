// One live subscriber of the log: its connection, how much of it may wait unread, and how it is let go. THREATS FD-07,
// FD-09. Knows nothing of entries.

import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import type { AccessToken } from "@rescind/core";

export interface Subscriber {
  readonly token: AccessToken;
  /** False once it was let go, or went by itself. */
  readonly isOpen: boolean;
  /** Sends bytes; one that has left too much unread is let go instead. */
  send(bytes: Uint8Array | string): void;
  /** Resolves when little is waiting to be read any more, or when it is gone. */
  readable(): Promise<void>;
  /** Ends the stream after what was sent. Whoever does not read that far in time is cut off. */
  end(): void;
}

/** Bytes waiting for one subscriber before it is let go. */
const mostWaiting = 1 << 20;
/** Milliseconds a subscriber that is let go has to read what was sent to it, and one that catches up to read a page. */
const readWithin = 10_000;
/** Milliseconds of silence after which the system asks whether the other end is still there. */
const probeAfter = 30_000;
/** The last that a slow reader is told. Come back with `Last-Event-ID`, or load again where that is answered by 410. */
const tooSlow = "retry: 1000\n: dropped: too much was left unread; come back with Last-Event-ID\n\n";

/**
 * Takes the response over and writes its head. What is sent goes to the connection itself, past `node:http`, which takes a
 * fifth more for each of thousands: the stream has no chunks, and the connection is its own to its end.
 */
export function subscriber(response: ServerResponse, token: AccessToken): Subscriber {
  let isOpen = true;
  response.removeHeader("transfer-encoding");
  response.writeHead(200, {
    "content-type": "text/event-stream",
    connection: "close",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  response.write("retry: 500\n\n");
  // It has none yet where its request was sent before the answer to another one was read.
  const connection: Writable = response.socket ?? response;
  response.socket?.setKeepAlive(true, probeAfter);
  response.on("close", () => {
    isOpen = false;
  });
  // What is written to a connection that has just gone is nobody's failure; `close` follows.
  response.on("error", () => undefined);
  const end = (last: string): void => {
    if (!isOpen) return;
    isOpen = false;
    const late = setTimeout(() => response.destroy(), readWithin).unref();
    response.once("close", () => clearTimeout(late));
    response.end(last);
  };
  return {
    token,
    get isOpen() {
      return isOpen;
    },
    send(bytes) {
      if (!isOpen || bytes.length === 0) return;
      if (connection.writableLength > mostWaiting) end(tooSlow);
      else if (connection.writable) connection.write(bytes);
    },
    async readable() {
      if (!isOpen || !connection.writableNeedDrain) return;
      const settled = Promise.withResolvers<void>();
      const late = setTimeout(() => response.destroy(), readWithin).unref();
      connection.once("drain", settled.resolve);
      response.once("close", settled.resolve);
      await settled.promise;
      clearTimeout(late);
      connection.off("drain", settled.resolve);
      response.off("close", settled.resolve);
    },
    end: () => end(""),
  };
}
