// A Fastify hook, for `onRequest` or `preHandler`. Typed by structure: no framework is needed.

import type { VerifiedToken } from "./access-token.ts";
import { answerRejection, type VerifyRequest } from "./incoming-request.ts";
import { incomingNodeRequest, type NodeLikeRequest } from "./node-request.ts";

export interface FastifyLikeRequest extends NodeLikeRequest {
  /** Set when the token was accepted. */
  auth?: VerifiedToken | undefined;
}

export interface FastifyLikeReply {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}

export type FastifyHook = (request: FastifyLikeRequest, reply: FastifyLikeReply) => Promise<unknown>;

/** Lets a request through with `request.auth` set, or answers 401, 403 or 503. */
export function fastifyHook(verify: VerifyRequest): FastifyHook {
  return async (request, reply) => {
    try {
      request.auth = await verify(incomingNodeRequest(request));
      return undefined;
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      reply.code(status);
      reply.headers({ ...headers });
      // A hook that answered returns the reply, or Fastify would go on to the handler.
      reply.send(body);
      return reply;
    }
  };
}
