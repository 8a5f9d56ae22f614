// The verifier's one verdict against a token, with what a resource server answers: RFC 6750 section 3.
// Messages are constant sentences; evidence goes into `cause`.

/**
 * Why a token was rejected. `stale`: the revocations known here are too old to decide by (or have a gap), and the
 * server could not be asked. `inactive`: the server was asked and says no more than that.
 */
export const rejectionCodes = [
  "missing",
  "malformed",
  "unknown-key",
  "signature",
  "claims",
  "issuer",
  "audience",
  "expired",
  "not-yet",
  "revoked",
  "inactive",
  "insufficient-scope",
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
  expired: "The access token has expired.",
  "not-yet": "The access token is not valid yet.",
  revoked: "The access token was revoked.",
  inactive: "The access token is not active.",
  "insufficient-scope": "The access token lacks a scope that this resource requires.",
  stale: "Whether the access token was revoked cannot be told right now.",
};

export class TokenRejected extends Error {
  override readonly name = "TokenRejected";
  readonly code: RejectionCode;
  /** The HTTP status to answer: 401, 403 or 503. */
  readonly status: 401 | 403 | 503;
  /** The `error` of RFC 6750 section 3.1; undefined where none belongs. */
  readonly error: "invalid_token" | "insufficient_scope" | undefined;
  /** The value of `WWW-Authenticate` to answer with; undefined for 503. */
  readonly wwwAuthenticate: string | undefined;

  /** `scope`: the scopes the resource requires, separated by spaces. */
  constructor(code: RejectionCode, details?: { scope?: string | undefined; cause?: unknown }) {
    super(messages[code], details?.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = code === "stale" ? 503 : code === "insufficient-scope" ? 403 : 401;
    this.error = errorOf(code);
    this.wwwAuthenticate =
      this.status === 503 ? undefined : challenge(this.error, this.message, details?.scope);
  }
}

function errorOf(code: RejectionCode): "invalid_token" | "insufficient_scope" | undefined {
  if (code === "missing" || code === "stale") return undefined;
  return code === "insufficient-scope" ? "insufficient_scope" : "invalid_token";
}

/** Without a token the challenge says nothing but its scheme: RFC 6750 section 3.1. */
function challenge(error: string | undefined, description: string, scope: string | undefined): string {
  const wanted = scope === undefined ? [] : [`scope="${scope}"`];
  const parts =
    error === undefined ? wanted : [`error="${error}"`, `error_description="${description}"`, ...wanted];
  return parts.length === 0 ? "Bearer" : `Bearer ${parts.join(", ")}`;
}
