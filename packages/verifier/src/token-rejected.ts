// The verifier's one verdict against a token, with what a resource server answers: RFC 6750 section 3, RFC 9449 section
// 7.1, RFC 9470 section 3, RFC 9728 section 5.1.
// Messages are constant sentences; evidence goes into `cause`.

import { asymmetricAlgorithms } from "./key-set.ts";

/**
 * Why a token was rejected. `stale`: the revocations known here are too old to decide by (or have a gap), and the
 * server could not be asked. `inactive`: the server was asked and says no more than that. `binding`: the token is bound
 * to something that the request does not prove, or shown as if it were. `proof`: what it proves it with is not good.
 */
export const rejectionCodes = [
  "missing",
  "malformed",
  "unknown-key",
  "signature",
  "claims",
  "issuer",
  "audience",
  "binding",
  "proof",
  "expired",
  "not-yet",
  "revoked",
  "inactive",
  "insufficient-scope",
  "insufficient-authentication",
  "stale",
] as const;

export type RejectionCode = (typeof rejectionCodes)[number];

const messages: Record<RejectionCode, string> = {
  missing: "The request carries no access token.",
  malformed: "The access token is malformed.",
  "unknown-key": "The access token is signed with a key that the issuer does not publish.",
  signature: "The signature of the access token is invalid.",
  claims: "The access token lacks a required claim or has a malformed one.",
  issuer: "The access token was issued by another issuer.",
  audience: "The access token is meant for another resource.",
  binding: "The access token is not shown in the way that it is bound to.",
  proof: "The DPoP proof is missing, invalid, used already or made for another request.",
  expired: "The access token has expired.",
  "not-yet": "The access token is not valid yet.",
  revoked: "The access token was revoked.",
  inactive: "The access token is not active.",
  "insufficient-scope": "The access token lacks a scope that this resource requires.",
  "insufficient-authentication": "The person has to sign in again, or in another way, for this resource.",
  stale: "Whether the access token was revoked cannot be told right now.",
};

type WireError =
  | "invalid_token"
  | "insufficient_scope"
  | "insufficient_user_authentication"
  | "invalid_dpop_proof";

/** What a challenge says beside the error. */
export interface Challenge {
  /** The scopes the resource requires, separated by spaces. */
  readonly scope?: string | undefined;
  /** What a new sign-in has to bring (RFC 9470 section 3); told with `insufficient-authentication` only. */
  readonly acr?: readonly string[] | undefined;
  /** Seconds. */
  readonly maxAge?: number | undefined;
  /** RFC 9728 section 5.1. */
  readonly resourceMetadata?: string | undefined;
  /** How the token was shown, or has to be. Default `Bearer`. */
  readonly scheme?: "Bearer" | "DPoP" | undefined;
}

export class TokenRejected extends Error {
  override readonly name = "TokenRejected";
  readonly code: RejectionCode;
  /** The HTTP status to answer: 401, 403 or 503. */
  readonly status: 401 | 403 | 503;
  /** The `error` of RFC 6750 section 3.1, RFC 9449 section 7.1 or RFC 9470 section 3; undefined where none belongs. */
  readonly error: WireError | undefined;
  /** The scheme of the challenge. */
  readonly scheme: "Bearer" | "DPoP";
  /** The value of `WWW-Authenticate` to answer with; undefined for 503. */
  readonly wwwAuthenticate: string | undefined;

  constructor(code: RejectionCode, details: Challenge & { readonly cause?: unknown } = {}) {
    super(messages[code], details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = code === "stale" ? 503 : code === "insufficient-scope" ? 403 : 401;
    this.error = errorOf(code);
    this.scheme = code === "proof" ? "DPoP" : (details.scheme ?? "Bearer");
    this.wwwAuthenticate = this.status === 503 ? undefined : challenge(this, details);
  }
}

function errorOf(code: RejectionCode): WireError | undefined {
  if (code === "missing" || code === "stale") return undefined;
  if (code === "proof") return "invalid_dpop_proof";
  if (code === "insufficient-authentication") return "insufficient_user_authentication";
  return code === "insufficient-scope" ? "insufficient_scope" : "invalid_token";
}

/** Without a token the challenge names no error: RFC 6750 section 3.1. */
function challenge({ error, message, scheme }: TokenRejected, details: Challenge): string {
  const { scope, resourceMetadata } = details;
  const { acr, maxAge } = error === "insufficient_user_authentication" ? details : {};
  const parts = [
    ...(error === undefined ? [] : [`error="${error}"`, `error_description="${message}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(acr === undefined ? [] : [`acr_values="${acr.join(" ")}"`]),
    ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`]),
    ...(scheme === "DPoP" ? [`algs="${asymmetricAlgorithms.join(" ")}"`] : []),
    ...(resourceMetadata === undefined ? [] : [`resource_metadata="${resourceMetadata}"`]),
  ];
  return parts.length === 0 ? scheme : `${scheme} ${parts.join(", ")}`;
}
