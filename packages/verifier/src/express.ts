// Express middleware; it fits Connect and plain `node:http` listeners too. Typed by structure: no framework is needed.

import type { VerifiedToken } from "./access-token.ts";
import { answerRejection, type VerifyRequest } from "./incoming-request.ts";
import { incomingNodeRequest, type NodeLikeRequest } from "./node-request.ts";

export interface ExpressRequest extends NodeLikeRequest {
  /** Set when the token was accepted. */
  auth?: VerifiedToken | undefined;
}

export interface ExpressResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export type ExpressMiddleware = (
  request: ExpressRequest,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** Lets a request through with `request.auth` set, or answers 401, 403 or 503. */
export function expressMiddleware(verify: VerifyRequest): ExpressMiddleware {
  return async (request, response, next) => {
    try {
      request.auth = await verify(incomingNodeRequest(request));
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
      return;
    }
    next();
  };
}
