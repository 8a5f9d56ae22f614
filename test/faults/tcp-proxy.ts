// A TCP proxy on loopback that a test can cut, silence and open again: what a network does to connections.

import { connect, createServer, type Socket } from "node:net";
import type { Transform } from "node:stream";

export interface TcpProxy {
  readonly port: number;
  readonly url: string;
  /** Connections that go through it now. */
  readonly connections: number;
  /** Where new connections lead. */
  leadTo(port: number): void;
  /** Ends every connection, and new ones as soon as they are made. */
  cut(): void;
  /** Passes nothing on any more, in both directions, and closes nothing: new connections are taken and stay silent. */
  silence(): void;
  /** New connections work again; those that were silenced stay silent for ever (half-open). */
  open(): void;
  close(): Promise<void>;
}

/** What sees all that passes over one connection and may change it; destroying either ends the connection. */
export interface Tap {
  readonly toFar: Transform;
  readonly toNear: Transform;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** @param tapped makes the tap of each new connection; by default everything passes as it is */
export async function startTcpProxy(tapped?: () => Tap): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const silent = new Set<Socket>();
  let state: "open" | "cut" | "silent" = "open";
  let target = 0;

  const server = createServer((near) => {
    near.on("error", () => undefined);
    if (state === "cut" || target === 0) {
      near.destroy();
      return;
    }
    if (state === "silent") {
      hold(near);
      return;
    }
    const far = connect(target, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    const end = (): void => {
      if (!pairs.delete(pair)) return;
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", end).on("close", end).setNoDelay(true);
    if (tapped === undefined) {
      near.pipe(far);
      far.pipe(near);
      return;
    }
    const tap = tapped();
    for (const through of [tap.toFar, tap.toNear]) through.on("error", end).on("close", end);
    near.pipe(tap.toFar).pipe(far);
    far.pipe(tap.toNear).pipe(near);
  });
  const hold = (socket: Socket): void => {
    silent.add(socket);
    socket.pause();
    socket.on("close", () => silent.delete(socket));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const { port } = address;
  const endAll = (): void => {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
    for (const socket of silent) socket.destroy();
  };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return pairs.size;
    },
    leadTo(other) {
      target = other;
    },
    cut() {
      state = "cut";
      endAll();
    },
    silence() {
      state = "silent";
      for (const pair of pairs) {
        pairs.delete(pair);
        for (const socket of [pair.near, pair.far]) {
          socket.unpipe();
          socket.removeAllListeners("data");
          hold(socket);
        }
      }
    },
    open() {
      state = "open";
    },
    async close() {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
