// The one writer of errors. OAuth endpoints answer OAuth errors (RFC 6749 section 5.2), every other endpoint
// problem+json (RFC 9457), protected ones with a challenge (RFC 6750 section 3).

import type { FieldError } from "@rescind/admin-api";
import { type AuthorizationError, oauthErrorStatus, type Refusal } from "@rescind/core";
import type { BearerRefusal } from "../tokens/bearer.ts";
import { type Answer, noStore } from "./answer.ts";
import { codeOf, type ProblemCode, problems } from "./problem-codes.ts";

/** Seconds after which a client may try again when the store is unavailable. */
const retryAfter = "1";

export function oauthRefusal(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Answer {
  const challenge = refusal.error === "invalid_client" ? { "www-authenticate": 'Basic realm="rescind"' } : {};
  return {
    status: oauthErrorStatus[refusal.error],
    headers: { ...noStore, ...challenge, ...headers },
    body: { error: refusal.error, error_description: refusal.description },
  };
}

/** What the authorization endpoint would have said, to the client that pushed the request (RFC 9126 section 2.3). */
export function pushedRefusal(error: AuthorizationError): Answer {
  return {
    status: 400,
    headers: noStore,
    body: { error: error.error, error_description: error.description },
  };
}

/** Too many failures: 429 with `Retry-After` in seconds. */
export function oauthTooMany(seconds: number): Answer {
  return {
    status: 429,
    headers: { ...noStore, "retry-after": String(seconds) },
    body: {
      error: "temporarily_unavailable",
      error_description: "Too many failed attempts; try again later.",
    },
  };
}

/** An OAuth error with a status of the HTTP layer: 405, 413, 415, 503. */
export function oauthHttpError(
  status: number,
  description: string,
  headers: Record<string, string> = {},
): Answer {
  const unavailable = status === 503;
  return {
    status,
    headers: { ...noStore, ...(unavailable ? { "retry-after": retryAfter } : {}), ...headers },
    body: {
      error: unavailable ? "temporarily_unavailable" : status >= 500 ? "server_error" : "invalid_request",
      error_description: description,
    },
  };
}

export interface Problem {
  readonly status: number;
  /** What happened and how to mend it. */
  readonly detail: string;
  /** A word for programs; the end of the problem's `type`. By default the first one of the status. */
  readonly code?: ProblemCode | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function problem(given: Problem): Answer {
  const code = given.code ?? codeOf(given.status);
  const again: Record<string, string> = given.status === 503 ? { "retry-after": retryAfter } : {};
  return {
    status: given.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...again,
      ...given.headers,
    },
    body: {
      type: `urn:rescind:problem:${code}`,
      title: problems[code].title,
      status: given.status,
      code,
      detail: given.detail,
      ...(given.errors === undefined ? {} : { errors: given.errors }),
    },
  };
}

/** What is wrong with the Bearer token of a request to a protected endpoint. */
export function bearerRefusal(refusal: BearerRefusal): Answer {
  const { status, code, detail, challenge } = challengeTo(refusal);
  return problem({ status, code, detail, headers: { "www-authenticate": challenge } });
}

/** A person's own token that comes from a sign-in too long ago for this (RFC 9470 section 3); `maxAge` in seconds. */
export function needsNewSignIn(maxAge: number): Answer {
  const detail = `Sign in again: this needs a sign-in of the last ${maxAge} seconds (max_age=${maxAge}).`;
  const challenge = `Bearer realm="rescind", error="insufficient_user_authentication", error_description="A newer sign-in is needed", max_age="${maxAge}"`;
  return problem({
    status: 401,
    code: "insufficient-user-authentication",
    detail,
    headers: { "www-authenticate": challenge },
  });
}

/** The same at an OAuth endpoint, whose errors have OAuth's form. */
export function oauthBearerRefusal(refusal: BearerRefusal): Answer {
  const { status, code, detail, challenge } = challengeTo(refusal);
  return {
    status,
    headers: { ...noStore, "www-authenticate": challenge },
    body: { error: code.replace("-", "_"), error_description: detail },
  };
}

interface Challenge {
  readonly status: number;
  readonly code: "invalid-token" | "insufficient-scope";
  readonly detail: string;
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string;
}

/** RFC 6750 section 3.1: no error code in the challenge where no token was presented. */
function challengeTo(refusal: BearerRefusal): Challenge {
  switch (refusal.kind) {
    case "missing":
      return {
        status: 401,
        code: "invalid-token",
        detail: "Send an access token of this server in the Authorization header: Bearer TOKEN.",
        challenge: 'Bearer realm="rescind"',
      };
    case "invalid":
      return {
        status: 401,
        code: "invalid-token",
        detail: "The access token is malformed, expired, revoked or not for this server.",
        challenge: 'Bearer realm="rescind", error="invalid_token"',
      };
    case "insufficient":
      return {
        status: 403,
        code: "insufficient-scope",
        detail: `The access token needs the scope ${refusal.scope}.`,
        challenge: `Bearer realm="rescind", error="insufficient_scope", scope="${refusal.scope}"`,
      };
  }
}
