// Refusals of the admin API and of every endpoint outside OAuth: RFC 9457 `application/problem+json`.
// `type` is made from a closed set of codes; `errors` name the fields, by JSON pointer into body or query.

import Type from "typebox";
import type { Wire } from "./field.ts";

/** Every code with its status and title. The detail says what is wrong in this case, and how to mend it. */
export const problems = {
  "invalid-request": { status: 400, title: "The request is not valid." },
  "invalid-token": { status: 401, title: "A valid Bearer token of this issuer is needed." },
  "insufficient-scope": { status: 403, title: "The token's scope does not allow this." },
  "not-found": { status: 404, title: "There is nothing here." },
  "method-not-allowed": { status: 405, title: "This method is not allowed here." },
  "not-acceptable": { status: 406, title: "None of the media types asked for can be given." },
  conflict: { status: 409, title: "This contradicts what is there already." },
  "affects-too-many": { status: 409, title: "The order would reach more tokens than max_affected." },
  "not-liftable": { status: 409, title: "This revocation cannot be lifted." },
  final: { status: 409, title: "This was suspended for good." },
  resync: { status: 410, title: "The position is not on the log; take the snapshot again." },
  "too-large": { status: 413, title: "The request is too large." },
  "unsupported-media-type": { status: 415, title: "This content type is not supported." },
  "idempotency-mismatch": { status: 422, title: "The Idempotency-Key belongs to another request." },
  "too-many-requests": { status: 429, title: "Too many requests." },
  "server-error": { status: 500, title: "A defect of the server." },
  unavailable: { status: 503, title: "The store cannot be asked right now." },
} as const;

export type ProblemCode = keyof typeof problems;

const typePrefix = "urn:rescind:problem:";

/** The `type` of a problem. */
export function problemType(code: ProblemCode): string {
  return typePrefix + code;
}

/** The code in a `type`; undefined if it is none of ours. */
export function problemCode(type: string): ProblemCode | undefined {
  const code = type.startsWith(typePrefix) ? type.slice(typePrefix.length) : "";
  return isProblemCode(code) ? code : undefined;
}

function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problems, text);
}

export const FieldError = Type.Object({
  pointer: Type.String({ description: "JSON pointer (RFC 6901) to the field." }),
  detail: Type.String(),
});

export type FieldError = Wire<typeof FieldError>;

export const Problem = Type.Object(
  {
    type: Type.String({ description: `${typePrefix}CODE` }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String()),
    request_id: Type.Optional(Type.String({ description: "Also the header X-Request-Id." })),
    errors: Type.Optional(Type.Array(FieldError)),
  },
  { description: "RFC 9457 problem details." },
);

export type Problem = Wire<typeof Problem>;
