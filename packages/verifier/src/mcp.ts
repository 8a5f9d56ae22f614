// The server side of the Model Context Protocol's SDK: what its `requireBearerAuth` asks of a token verifier. Its error
// classes are handed in, since it tells refusals apart by them; nothing of it is imported.

import type { VerifiedToken } from "./access-token.ts";
import { TokenRejected } from "./token-rejected.ts";

/** Of `server/auth/errors.js`. */
export interface McpErrors {
  readonly InvalidTokenError: new (message: string) => Error;
  readonly InsufficientScopeError: new (message: string) => Error;
  /** Where it cannot be told whether the token was revoked; the SDK answers 500, it has no 503. */
  readonly ServerError: new (
    message: string,
  ) => Error;
}

/** As the SDK's `AuthInfo`; `expiresAt` is seconds since 1970. */
export interface McpAuthInfo {
  token: string;
  clientId: string;
  scopes: string[];
  expiresAt: number;
  resource?: URL;
  extra: Record<string, unknown>;
}

export interface McpTokenVerifier {
  verifyAccessToken(token: string): Promise<McpAuthInfo>;
}

/** A token verifier for `requireBearerAuth`. The first audience that is a URL stands as the resource. */
export function mcpTokenVerifier(
  verify: (token: string) => Promise<VerifiedToken>,
  errors: McpErrors,
): McpTokenVerifier {
  return {
    async verifyAccessToken(text) {
      try {
        const token = await verify(text);
        const resource = token.audience.find((uri) => URL.canParse(uri));
        return {
          token: text,
          clientId: token.clientId ?? "",
          scopes: [...token.scopes],
          expiresAt: token.expiresAt,
          ...(resource === undefined ? {} : { resource: new URL(resource) }),
          extra: { subject: token.subject, issuer: token.issuer, claims: token.claims },
        };
      } catch (cause) {
        throw mcpError(cause, errors);
      }
    },
  };
}

function mcpError(cause: unknown, errors: McpErrors): unknown {
  if (!(cause instanceof TokenRejected)) return cause;
  if (cause.status === 403) return new errors.InsufficientScopeError(cause.message);
  if (cause.status === 503) return new errors.ServerError(cause.message);
  return new errors.InvalidTokenError(cause.message);
}
