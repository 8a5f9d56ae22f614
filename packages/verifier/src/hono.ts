// Hono middleware. Typed by structure: no framework is needed.

import type { VerifiedToken } from "./access-token.ts";
import { answerRejection, verifyBearer } from "./bearer.ts";
import type { Requirements, Verify } from "./verify.ts";

export interface HonoLikeContext {
  readonly req: { header(name: string): string | undefined };
  /** Called with `"auth"` when the token was accepted. */
  set(key: "auth", token: VerifiedToken): void;
}

export type HonoMiddleware = (
  context: HonoLikeContext,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/** Lets a request through with `c.get("auth")` set, or answers 401, 403 or 503. */
export function honoMiddleware(verify: Verify, requirements: Requirements): HonoMiddleware {
  return async (context, next) => {
    try {
      context.set("auth", await verifyBearer(verify, requirements, context.req.header("authorization")));
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      return new Response(body, { status, headers });
    }
    await next();
    return undefined;
  };
}
