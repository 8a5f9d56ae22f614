// Hono middleware. Typed by structure: no framework is needed.

import type { VerifiedToken } from "./access-token.ts";
import { answerRejection, type VerifyRequest } from "./incoming-request.ts";

export interface HonoLikeContext {
  readonly req: {
    readonly method: string;
    readonly url: string;
    header(name: string): string | undefined;
  };
  /** Called with `"auth"` when the token was accepted. */
  set(key: "auth", token: VerifiedToken): void;
}

export type HonoMiddleware = (
  context: HonoLikeContext,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/** Lets a request through with `c.get("auth")` set, or answers 401, 403 or 503. */
export function honoMiddleware(verify: VerifyRequest): HonoMiddleware {
  return async (context, next) => {
    try {
      const { req } = context;
      const header = (name: string) => req.header(name);
      context.set("auth", await verify({ method: req.method, target: req.url, header }));
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      return new Response(body, { status, headers });
    }
    await next();
    return undefined;
  };
}
