// Refusals of the admin API and of every endpoint outside OAuth: RFC 9457 `application/problem+json`. The codes are
// the server's; `errors` name the fields, by JSON pointer into the body or by the name of a query parameter.

import Type from "typebox";
import type { Wire } from "./field.ts";

export const FieldError = Type.Object({
  pointer: Type.String({ description: "JSON pointer (RFC 6901) into the body, or a query parameter." }),
  detail: Type.String(),
});

export type FieldError = Wire<typeof FieldError>;

export const Problem = Type.Object(
  {
    type: Type.String({ description: "urn:rescind:problem:CODE" }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Optional(Type.String({ description: "A word for programs, the end of `type`." })),
    detail: Type.Optional(Type.String({ description: "What is wrong in this case, and how to mend it." })),
    errors: Type.Optional(Type.Array(FieldError)),
  },
  { description: "RFC 9457 problem details." },
);

export type Problem = Wire<typeof Problem>;
