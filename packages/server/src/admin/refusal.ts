// Refusals of the admin API: the codes of the contract, written by http/respond.ts.

import type { FieldError } from "@rescind/admin-api";
import type { Answer } from "../http/answer.ts";
import { type ProblemCode, problems } from "../http/problem-codes.ts";
import { problem } from "../http/respond.ts";

/** A refusal by its code; the status is the code's. `errors` name the fields at fault. */
export function refused(code: ProblemCode, detail: string, errors?: readonly FieldError[]): Answer {
  return problem({ status: problems[code].status, code, detail, errors });
}

/** 400 for fields that contradict each other or what is registered. */
export function invalidFields(errors: readonly FieldError[]): Answer {
  const [first] = errors;
  const detail = first === undefined ? "The request is not valid." : `${first.pointer}: ${first.detail}`;
  return refused("invalid-request", detail, errors);
}

export function invalidField(pointer: string, detail: string): Answer {
  return invalidFields([{ pointer, detail }]);
}
