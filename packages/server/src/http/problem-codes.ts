// The closed set of problem codes: the ends of a problem's `type` (RFC 9457), each with its status and title.

export const problems = {
  "invalid-request": { status: 400, title: "The request is not valid." },
  "invalid-token": { status: 401, title: "A valid Bearer token of this issuer is needed." },
  "insufficient-user-authentication": { status: 401, title: "This needs a newer sign-in." },
  "insufficient-scope": { status: 403, title: "The token's scope does not allow this." },
  "not-found": { status: 404, title: "There is nothing here." },
  "method-not-allowed": { status: 405, title: "This method is not allowed here." },
  conflict: { status: 409, title: "This contradicts what is there already." },
  "affects-too-many": { status: 409, title: "The order would reach more tokens than max_affected." },
  "not-liftable": { status: 409, title: "This revocation cannot be lifted." },
  final: { status: 409, title: "This was suspended for good." },
  resync: { status: 410, title: "The position is not on the log; load again." },
  "too-large": { status: 413, title: "The request is too large." },
  "unsupported-media-type": { status: 415, title: "This content type is not supported." },
  "idempotency-mismatch": { status: 422, title: "The Idempotency-Key belongs to another request." },
  "too-many-requests": { status: 429, title: "Too many requests." },
  "headers-too-large": { status: 431, title: "The headers are too large." },
  "server-error": { status: 500, title: "A defect of the server." },
  unavailable: { status: 503, title: "The server cannot confirm this right now." },
} as const;

export type ProblemCode = keyof typeof problems;

/** The first code of a status. */
export function codeOf(status: number): ProblemCode {
  const found = Object.entries(problems).find(([, problem]) => problem.status === status);
  return (found?.[0] ?? (status < 500 ? "invalid-request" : "server-error")) as ProblemCode; // a key of `problems`
}
