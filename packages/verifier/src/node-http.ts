// A listener for `node:http`. Typed by structure: nothing of Node is imported.

import type { VerifiedToken } from "./access-token.ts";
import type { ExpressResponse } from "./express.ts";
import { answerRejection, type VerifyRequest } from "./incoming-request.ts";
import { incomingNodeRequest, type NodeLikeRequest } from "./node-request.ts";

export type NodeListener<Req, Res> = (request: Req, response: Res) => Promise<void>;

/**
 * Calls the listener with the token, or answers 401, 403 or 503. What the listener throws rejects the promise, which
 * `createServer` leaves unhandled as it does for any async listener.
 */
export function nodeListener<Req extends NodeLikeRequest, Res extends ExpressResponse>(
  verify: VerifyRequest,
  listener: (request: Req, response: Res, token: VerifiedToken) => unknown,
): NodeListener<Req, Res> {
  return async (request, response) => {
    let token: VerifiedToken;
    try {
      token = await verify(incomingNodeRequest(request));
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
      return;
    }
    await listener(request, response, token);
  };
}
