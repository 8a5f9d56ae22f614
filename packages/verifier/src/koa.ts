// Koa middleware. Typed by structure: no framework is needed.

import type { VerifiedToken } from "./access-token.ts";
import { answerRejection, type VerifyRequest } from "./incoming-request.ts";
import { incomingNodeRequest, type NodeLikeRequest } from "./node-request.ts";

export interface KoaLikeContext {
  readonly req: NodeLikeRequest;
  readonly originalUrl?: string | undefined;
  /** `state.auth` is set when the token was accepted. */
  readonly state: { auth?: VerifiedToken | undefined };
  status: number;
  body: unknown;
  set(headers: Record<string, string>): void;
}

export type KoaMiddleware = (context: KoaLikeContext, next: () => Promise<unknown>) => Promise<void>;

/** Lets a request through with `ctx.state.auth` set, or answers 401, 403 or 503. */
export function koaMiddleware(verify: VerifyRequest): KoaMiddleware {
  return async (context, next) => {
    try {
      context.state.auth = await verify(incomingNodeRequest(context.req, context.originalUrl));
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      context.status = status;
      context.set({ ...headers });
      context.body = body;
      return;
    }
    await next();
  };
}
