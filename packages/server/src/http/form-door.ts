// The plain POSTs to the OAuth endpoints, straight from node:http: a form of known length on a path of ours and nothing
// that needs looking at. Tokens are issued, introspected and revoked here by the thousand, and half of what such a
// request cost went into hooks and wrappers. Whatever is unusual goes to Fastify, as if this were not there; both ways
// get their answer from form-answer.ts, and a test holds the answers side by side.

import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "./answer.ts";
import { failure, oauthForm, write } from "./edge.ts";
import type { FormMessage } from "./form-answer.ts";
import { newRequestId, noteAnswered } from "./request-log.ts";
import type { FormRoute } from "./routes.ts";

/** As browsers, libraries and people write it; any other spelling is Fastify's to read. */
const formTypes = new Set(
  ["", ";charset=UTF-8", ";charset=utf-8", "; charset=UTF-8", "; charset=utf-8"].map(
    (charset) => `application/x-www-form-urlencoded${charset}`,
  ),
);

export interface FormDoor {
  readonly routes: readonly FormRoute[];
  /** The path of the issuer, in front of every route's. */
  readonly root: string;
  /** Bytes. */
  readonly bodyLimit: number;
  /** What a request is answered with; does not reject. */
  readonly answer: (route: FormRoute, message: FormMessage) => Promise<Answer>;
}

type Parts = Pick<Dependencies, "availability" | "configuration" | "log" | "metrics">;

/** Takes what is plain and leaves the rest to `others`. */
export function formDoor(door: FormDoor, others: RequestListener, parts: Parts): RequestListener {
  const routes = new Map(door.routes.map((route) => [door.root + route.path, route]));
  const behindProxies = parts.configuration.trustedProxies.length > 0;
  return function listen(this: Server, request, response) {
    const route = request.method === "POST" ? routes.get(request.url ?? "") : undefined;
    const length = route === undefined ? undefined : plainLength(request, behindProxies);
    if (route === undefined || length === undefined || length > door.bodyLimit || !this.listening)
      others(request, response);
    else take({ door, route, server: this, request, response }, parts);
  };
}

/** Bytes of the body; undefined where anything about the request is not plain. */
function plainLength({ headers }: IncomingMessage, behindProxies: boolean): number | undefined {
  if (!formTypes.has(headers["content-type"] ?? "")) return undefined;
  if (headers.prefer !== undefined || headers["transfer-encoding"] !== undefined) return undefined;
  if (behindProxies && headers["x-forwarded-for"] !== undefined) return undefined;
  const length = Number(headers["content-length"]);
  return Number.isSafeInteger(length) ? length : undefined;
}

interface Exchange {
  readonly door: FormDoor;
  readonly route: FormRoute;
  readonly server: Server;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function take({ door, route, server, request, response }: Exchange, parts: Parts): void {
  const beganAt = performance.now();
  const id = newRequestId();
  const chunks: Buffer[] = [];
  const answered = (answer: Answer): void => {
    const { status } = answer;
    write(response, answer, { id, isStopping: !server.listening });
    const ms = performance.now() - beganAt;
    noteAnswered({ id, method: "POST", route: door.root + route.path, status, ms }, parts);
  };
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  // node:http ends a body where its Content-Length does, or not at all.
  request.on("end", () => {
    const body = chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString();
    const address = request.socket.remoteAddress ?? "";
    door
      .answer(route, { id, headers: request.headers, body, address })
      .then(answered)
      .catch((error: unknown) => answered(failure(error, { id }, oauthForm, parts)));
  });
}
