// For whatever serves by fetch handlers: Workers, Deno, Bun, Next.js routes, Hono.

import type { VerifiedToken } from "./access-token.ts";
import { answerRejection, type VerifyRequest } from "./incoming-request.ts";

/** A handler that is given the accepted token; `rest` is what the runtime passes beside the request. */
export type TokenHandler<Rest extends readonly unknown[]> = (
  request: Request,
  token: VerifiedToken,
  ...rest: Rest
) => Response | Promise<Response>;

export type FetchHandler<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Promise<Response>;

/** Calls the handler with the token, or answers 401, 403 or 503. What the handler throws is its caller's. */
export function fetchHandler<Rest extends readonly unknown[]>(
  verify: VerifyRequest,
  handler: TokenHandler<Rest>,
): FetchHandler<Rest> {
  return async (request, ...rest) => {
    let token: VerifiedToken;
    try {
      token = await verify({
        method: request.method,
        target: request.url,
        header: (name) => request.headers.get(name),
      });
    } catch (cause) {
      const { status, headers, body } = answerRejection(cause);
      return new Response(body, { status, headers });
    }
    return handler(request, token, ...rest);
  };
}
