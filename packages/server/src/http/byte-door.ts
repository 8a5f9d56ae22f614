// The first door for plain forms: connections are read here, before node:http sees them, as long as nothing but plain
// requests comes over them (plain-request.ts), one at a time. Half of what an introspection cost was node:http's classes.
// With the first byte of anything else, a connection goes over to node:http for good, and nothing that came before is
// left of it: decision 0020.

import type { Server } from "node:http";
import { isIP, type Socket } from "node:net";
import { trustedPeers } from "../trusted-proxies.ts";
import type { Answer } from "./answer.ts";
import { writeAnswer } from "./answer-bytes.ts";
import { type DoorParts, exchangeForm, type FormDoor, type FormWay, waysOf } from "./form-exchange.ts";
import { hasSameHead, type PlainRequest, plainRequest } from "./plain-request.ts";
import { newRequestId } from "./request-log.ts";

/** Milliseconds between looks at connections on which nothing moves. */
const longestBetweenLooks = 5_000;

/** A connection that is in our hands. */
interface Held {
  readonly socket: Socket;
  /** A request of it is being answered. */
  isBusy: boolean;
  /** When something last came or went, by `performance.now()`. */
  movedAt: number;
}

interface Doorway {
  readonly server: Server;
  readonly door: FormDoor;
  readonly parts: DoorParts;
  /** By request line. */
  readonly ways: ReadonlyMap<string, FormWay>;
  readonly held: Set<Held>;
  /** Whether what the other end says of whom it asks for is believed. */
  readonly isTrusted: (address: string) => boolean;
  /** To node:http, as if it had just been made. */
  readonly handOver: (socket: Socket) => void;
}

/** Stands before the server, which keeps listening itself; what it says of its connections holds for ours, too. */
export function byteDoor(server: Server, door: FormDoor, parts: DoorParts): void {
  const others = server.listeners("connection");
  const held = new Set<Held>();
  const doorway: Doorway = {
    server,
    door,
    parts,
    ways: new Map(waysOf(door).map((way) => [`POST ${way.path} HTTP/1.1`, way])),
    held,
    isTrusted: trustedPeers(parts.configuration.trustedProxies),
    handOver: (socket) => {
      for (const take of others) take.call(server, socket);
    },
  };
  server.removeAllListeners("connection");
  server.on("connection", (socket) => attend(socket, doorway));
  closeUnmoved(server, held);
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    closeIdle();
    // One that was just made has its request on the way; drain.ts has an eye on it.
    for (const { socket, isBusy } of held) if (!isBusy && socket.bytesRead > 0) socket.destroySoon();
  };
  const closeAll = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeAll();
    for (const { socket } of held) socket.destroy();
  };
}

/** Closes connections on which nothing has moved for the times of node:http. One timer for all: one for each costs a microsecond a request. */
function closeUnmoved(server: Server, held: ReadonlySet<Held>): void {
  let looking: NodeJS.Timeout | undefined;
  server.on("close", () => clearInterval(looking));
  server.on("listening", () => {
    const { timeout, headersTimeout } = server;
    const idle = server.keepAliveTimeout + server.keepAliveTimeoutBuffer;
    const look = (): void => {
      const now = performance.now();
      for (const { socket, isBusy, movedAt } of held) {
        const most = isBusy ? timeout : socket.bytesRead === 0 ? headersTimeout : idle;
        if (now - movedAt > most) socket.destroy();
      }
    };
    looking = setInterval(look, Math.min(timeout, headersTimeout, idle, longestBetweenLooks)).unref();
  });
}

function attend(socket: Socket, { server, door, parts, ways, held, isTrusted, handOver }: Doorway): void {
  const connection: Held = { socket, isBusy: false, movedAt: performance.now() };
  /** The request before, if its head is all it takes to know the next one. */
  let before: PlainRequest<FormWay> | undefined;
  /** Whether the other end is a trusted proxy, once somebody asked. */
  let isProxy: boolean | undefined;
  /** More came while a request was being answered; it waits in the socket. */
  let isEarly = false;

  const read = (bytes: Buffer): void => {
    if (connection.isBusy) {
      isEarly = true;
      putBack(bytes);
      return;
    }
    const request = before !== undefined && hasSameHead(bytes, before) ? before : plainRequest(bytes, ways);
    const address = request === undefined ? undefined : addressOf(request);
    if (request === undefined || address === undefined) {
      putBack(bytes);
      leave();
    } else take(request, bytes, address);
  };
  /** Who asks; undefined where that, or anything else, needs a closer look. */
  const addressOf = ({ headers, length }: PlainRequest<FormWay>): string | undefined => {
    if (length > door.bodyLimit || !server.listening) return undefined;
    const { remoteAddress = "" } = socket;
    const forwarded = headers["x-forwarded-for"];
    if (forwarded === undefined || parts.configuration.trustedProxies.length === 0) return remoteAddress;
    isProxy ??= isTrusted(remoteAddress);
    return isProxy && isIP(forwarded) !== 0 ? forwarded : undefined;
  };

  const take = (request: PlainRequest<FormWay>, bytes: Buffer, address: string): void => {
    connection.isBusy = true;
    connection.movedAt = performance.now();
    before = request;
    const { headers, head, way } = request;
    const body = bytes.toString("utf8", head.length);
    const message = { id: newRequestId(), headers, body, address, repeated: headers };
    void exchangeForm({ door, way, message, beganAt: connection.movedAt, write }, parts);
  };

  const write = (answer: Answer, id: string): void => {
    // Who ends its half meanwhile gets no answer from node:http either.
    if (!socket.writable) return;
    const isStopping = !server.listening;
    const { keepAliveTimeout } = server;
    const mayWriteMore = writeAnswer(socket, answer, { id, isStopping, keepAliveTimeout });
    // Who does not read its answers is not read either.
    if (!mayWriteMore) socket.pause();
    connection.isBusy = false;
    connection.movedAt = performance.now();
    if (isStopping) socket.destroySoon();
    else if (isEarly) leave();
  };
  const drained = (): void => {
    connection.movedAt = performance.now();
    if (!isEarly) socket.resume();
  };
  // A socket that holds bytes does not end before they are read.
  const putBack = (bytes: Buffer): void => {
    socket.pause();
    socket.unshift(bytes);
  };

  const leave = (): void => {
    held.delete(connection);
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
    handOver(socket);
    socket.resume();
  };
  const listeners = {
    data: read,
    end: () => socket.end(),
    drain: drained,
    error: ignore,
    close: () => held.delete(connection),
  };
  held.add(connection);
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
}

/** `close` follows. */
function ignore(): void {}
