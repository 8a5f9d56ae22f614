// Checks admin and feed requests against their schemas. Nothing is coerced, filled in or dropped, but for numbers in
// queries, which come as text. A refusal names the field by JSON pointer.

import type { FieldError } from "@rescind/admin-api";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { TSchema } from "typebox";

export type Check = (value: unknown) => readonly FieldError[];

const options = { allErrors: true, strict: false, removeAdditional: false, useDefaults: false } as const;
const bodies = new Ajv({ ...options, coerceTypes: false });
const queries = new Ajv({ ...options, coerceTypes: true });

/** A check of bodies. `schema` undefined: nothing may be there. */
export function bodyCheck(schema: TSchema | undefined): Check {
  return schema === undefined ? () => [] : checkWith(bodies.compile(schema));
}

/** A check of query or path parameters, which turns texts into the numbers and booleans the schema asks for. */
export function queryCheck(schema: TSchema | undefined): Check {
  return schema === undefined ? () => [] : checkWith(queries.compile(schema));
}

/** Errors named before a field list is cut off. */
const mostErrors = 20;

function checkWith(validate: ValidateFunction): Check {
  return (value) => (validate(value) ? [] : (validate.errors ?? []).slice(0, mostErrors).map(fieldError));
}

function fieldError(error: ErrorObject): FieldError {
  const params = error.params as Record<string, unknown>; // Ajv's own, by keyword
  const extra = error.keyword === "additionalProperties" ? params.additionalProperty : undefined;
  const missing = error.keyword === "required" ? params.missingProperty : undefined;
  const member = extra ?? missing;
  const pointer =
    member === undefined ? error.instancePath : `${error.instancePath}/${escaped(String(member))}`;
  return { pointer, detail: detailOf(error, params, extra !== undefined, missing !== undefined) };
}

function detailOf(
  error: ErrorObject,
  params: Record<string, unknown>,
  extra: boolean,
  missing: boolean,
): string {
  if (extra) return "is not a known member; remove it.";
  if (missing) return "is missing.";
  const allowed = params.allowedValues;
  if (Array.isArray(allowed)) return `must be one of: ${allowed.join(", ")}.`;
  return `${error.message ?? "is not valid"}.`;
}

function escaped(member: string): string {
  return member.replaceAll("~", "~0").replaceAll("/", "~1");
}
