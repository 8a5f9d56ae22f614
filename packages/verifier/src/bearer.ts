// The access token of a request: from the `Authorization` header and from nowhere else. RFC 6750 section 2.1.

import type { VerifiedToken } from "./access-token.ts";
import { TokenRejected } from "./token-rejected.ts";
import { type Requirements, scopeText, type Verify } from "./verify.ts";

/**
 * Verifies the token after the scheme `Bearer`.
 * @throws TokenRejected `missing` without such a header, `malformed` for one that holds no token, or what `verify` says
 */
export async function verifyBearer(
  verify: Verify,
  requirements: Requirements,
  authorization: string | null | undefined,
): Promise<VerifiedToken> {
  const scope = scopeText(requirements);
  if (!/^bearer(?: |$)/i.test(authorization ?? "")) throw new TokenRejected("missing", { scope });
  const token = /^bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw new TokenRejected("malformed", { scope });
  return verify(token, requirements);
}

/** The answer to a request whose token was rejected. */
export interface Rejection {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Status, headers and JSON body by RFC 6750 section 3. Anything but a TokenRejected is thrown again. */
export function answerRejection(cause: unknown): Rejection {
  if (!(cause instanceof TokenRejected)) throw cause;
  const { status, error, message, wwwAuthenticate } = cause;
  return {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...(wwwAuthenticate === undefined ? { "retry-after": "1" } : { "www-authenticate": wwwAuthenticate }),
    },
    body: JSON.stringify({ ...(error === undefined ? {} : { error }), error_description: message }),
  };
}
