// The second door for plain forms: those that node:http read, on connections which byte-door.ts gave away. A form of known
// length on a path of ours and nothing that needs looking at; whatever is unusual goes to Fastify, as if this were not
// there. All ways get their answer from form-answer.ts, and a test holds the answers side by side.

import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import { write } from "./edge.ts";
import { type DoorParts, exchangeForm, type FormDoor, type FormWay, waysOf } from "./form-exchange.ts";
import { formTypes } from "./plain-request.ts";
import { newRequestId } from "./request-log.ts";

/** Takes what is plain and leaves the rest to `others`. */
export function formDoor(door: FormDoor, others: RequestListener, parts: DoorParts): RequestListener {
  const ways = new Map(waysOf(door).map((way) => [way.path, way]));
  const behindProxies = parts.configuration.trustedProxies.length > 0;
  return function listen(this: Server, request, response) {
    const way = request.method === "POST" ? ways.get(request.url ?? "") : undefined;
    const length = way === undefined ? undefined : plainLength(request, behindProxies);
    if (way === undefined || length === undefined || length > door.bodyLimit || !this.listening)
      others(request, response);
    else take({ door, way, server: this, request, response }, parts);
  };
}

/** Bytes of the body; undefined where anything about the request is not plain. */
function plainLength({ headers }: IncomingMessage, behindProxies: boolean): number | undefined {
  if (!formTypes.has(headers["content-type"])) return undefined;
  if (headers.prefer !== undefined || headers["transfer-encoding"] !== undefined) return undefined;
  if (behindProxies && headers["x-forwarded-for"] !== undefined) return undefined;
  const length = Number(headers["content-length"]);
  return Number.isSafeInteger(length) ? length : undefined;
}

interface Taken {
  readonly door: FormDoor;
  readonly way: FormWay;
  readonly server: Server;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function take({ door, way, server, request, response }: Taken, parts: DoorParts): void {
  const beganAt = performance.now();
  const chunks: Buffer[] = [];
  const written = (answer: Answer, id: string): void =>
    write(response, answer, { id, isStopping: !server.listening });
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  // node:http ends a body where its Content-Length does, or not at all.
  request.on("end", () => {
    const body = chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString();
    const address = request.socket.remoteAddress ?? "";
    const message = { id: newRequestId(), headers: request.headers, body, address };
    void exchangeForm({ door, way, message, beganAt, write: written }, parts);
  });
}
