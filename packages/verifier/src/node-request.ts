// A request as Node's own `node:http` and what is built on it have it. Typed by structure: nothing of Node is imported.

import { certificateOfSocket } from "./client-certificate.ts";
import type { IncomingRequest } from "./incoming-request.ts";

export interface NodeLikeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Of a mounted application: the whole path. */
  readonly originalUrl?: string | undefined;
  /** Of `node:tls`, where the client's certificate is wanted. */
  readonly socket?: object | undefined;
}

/** Headers are by lower-case name; one that came several times is no value. */
export function incomingNodeRequest(
  request: NodeLikeRequest,
  target = request.originalUrl ?? request.url,
): IncomingRequest {
  return {
    method: request.method,
    target,
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return typeof value === "string" ? value : undefined;
    },
    certificate: () => certificateOfSocket(request.socket),
  };
}
