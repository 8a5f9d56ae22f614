// The access token of a request: from the `Authorization` header and from nowhere else, by the scheme Bearer (RFC 6750
// section 2.1) or DPoP (RFC 9449 section 7.1), with what the request proves beside it.

import type { VerifiedToken } from "./access-token.ts";
import { certificateFromHeader } from "./client-certificate.ts";
import type { VerifierSettings } from "./options.ts";
import type { Policy } from "./policy.ts";
import { TokenRejected } from "./token-rejected.ts";
import type { Verification } from "./verify.ts";

/** A request of whatever framework. */
export interface IncomingRequest {
  readonly method: string | undefined;
  /** Path with query, or a whole URL of which only the path is used. */
  readonly target: string | undefined;
  header(name: string): string | null | undefined;
  /** DER of the client's certificate of this connection, where the framework knows it. */
  readonly certificate?: (() => Uint8Array | undefined) | undefined;
}

/** Resolves to the accepted token of a request. @throws TokenRejected */
export type VerifyRequest = (request: IncomingRequest) => Promise<VerifiedToken>;

/**
 * What adapters call. Rejects with `missing` without an `Authorization` header of these schemes, `malformed` for one that
 * holds no token, or what `verify` says.
 */
export function requestVerification(
  verification: Pick<Verification, "verify">,
  settings: Pick<VerifierSettings, "publicUrl" | "certificateHeader" | "resourceMetadata">,
  policy: Policy,
): VerifyRequest {
  const { publicUrl, certificateHeader, resourceMetadata } = settings;
  const challenge = { scope: policy.scope, resourceMetadata };
  return async (request) => {
    const authorization = request.header("authorization") ?? "";
    const name = /^(bearer|dpop)(?: |$)/i.exec(authorization)?.[1]?.toLowerCase();
    if (name === undefined) throw new TokenRejected("missing", challenge);
    const scheme = name === "dpop" ? "DPoP" : "Bearer";
    const token = /^\w+ +([\w.~+/-]+=*)$/.exec(authorization)?.[1];
    if (token === undefined) throw new TokenRejected("malformed", { ...challenge, scheme });
    return verification.verify(token, policy, {
      scheme,
      proof: request.header("dpop") ?? undefined,
      method: request.method,
      url: urlOf(publicUrl, request.target),
      // A proxy's connection to us is not the client's.
      certificate:
        certificateHeader === undefined ? request.certificate : () => fromHeader(request, certificateHeader),
    });
  };
}

/** The URL as the client sees it; the `Host` header, which anyone can write, has no part in it. */
function urlOf(publicUrl: string | undefined, target: string | undefined): string | undefined {
  if (publicUrl === undefined || target === undefined) return undefined;
  if (target.startsWith("/")) return publicUrl + target;
  return URL.canParse(target) ? publicUrl + new URL(target).pathname : undefined;
}

function fromHeader(request: IncomingRequest, name: string): Uint8Array | undefined {
  const value = request.header(name);
  return value === undefined || value === null ? undefined : certificateFromHeader(value);
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
