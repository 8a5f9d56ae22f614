// How an HTTP server stops in bounded time: connections that never sent a byte (spare ones of browsers and load
// balancers), which Node takes for busy, are cut soon, requests in flight get a while.

import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds that requests in flight get once the server stops. */
const inFlightMs = 5_000;
/** Milliseconds that a connection gets to send its first byte: one that was just made has its request on the way. */
const firstByteMs = 500;

/**
 * Watches the connections of a server; returns how to end them while `closing`, the server's own close, waits for them.
 * Call before the server listens.
 */
export function drain(server: Server): (closing: Promise<unknown>) => Promise<void> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  return async (closing) => {
    const silent = setTimeout(() => {
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    }, firstByteMs);
    const cut = setTimeout(() => server.closeAllConnections(), inFlightMs);
    await closing;
    clearTimeout(silent);
    clearTimeout(cut);
  };
}
