// Checks admin and feed requests against their schemas. Nothing is coerced, filled in or dropped, but for numbers and
// true or false in queries, which come as text. A refusal names the field by JSON pointer.

import type { FieldError } from "@rescind/admin-api";
import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";

export type Check = (value: unknown) => readonly FieldError[];

/** A check of bodies. `schema` undefined: nothing may be there. */
export function bodyCheck(schema: TSchema | undefined): Check {
  if (schema === undefined) return () => [];
  // At the first request, since a start has half a second for everything.
  let compiled: Validator | undefined;
  return (value) => {
    compiled ??= Compile(schema);
    return compiled.Check(value) ? [] : fieldErrors(compiled.Errors(value), schema);
  };
}

/** A check of query or path parameters, which first turns texts, in place, into the numbers and booleans asked for. */
export function queryCheck(schema: TSchema | undefined): Check {
  if (schema === undefined) return () => [];
  const check = bodyCheck(schema);
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> }; // JSON Schema of an object
  return (value) => {
    if (typeof value === "object" && value !== null)
      for (const [name, text] of Object.entries(value))
        if (Object.hasOwn(properties, name))
          Object.assign(value, { [name]: read(text, properties[name]?.type) });
    return check(value);
  };
}

/** Digits, or the words themselves: `1.5`, `1e2`, `yes` and `1` for true are refused instead of guessed at. */
function read(text: unknown, type: unknown): unknown {
  if (typeof text !== "string") return text;
  if (type === "integer" && /^-?\d{1,15}$/.test(text)) return Number(text);
  return type === "boolean" && (text === "true" || text === "false") ? text === "true" : text;
}

/** Errors named before a field list is cut off. */
const mostErrors = 20;

function fieldErrors(errors: readonly TLocalizedValidationError[], schema: TSchema): FieldError[] {
  return errors.flatMap((error) => named(error, schema)).slice(0, mostErrors);
}

/** The fields that an error is about; a member that must not be there is told by `additionalProperties` alone. */
function named(error: TLocalizedValidationError, schema: TSchema): FieldError[] {
  const at = (member: string): string => `${error.instancePath}/${escaped(member)}`;
  switch (error.keyword) {
    case "boolean":
      return [];
    case "additionalProperties":
      return error.params.additionalProperties.map((member) => ({
        pointer: at(member),
        detail: "is not a known member; remove it.",
      }));
    case "required":
      return error.params.requiredProperties.map((member) => ({
        pointer: at(member),
        detail: "is missing.",
      }));
    case "enum":
      return [
        { pointer: error.instancePath, detail: `must be one of: ${error.params.allowedValues.join(", ")}.` },
      ];
    case "const":
      return [
        { pointer: error.instancePath, detail: `must be ${JSON.stringify(error.params.allowedValue)}.` },
      ];
    case "pattern": {
      const meant = descriptionAt(schema, error.schemaPath);
      return [{ pointer: error.instancePath, detail: `is not of the form it must have. ${meant}`.trimEnd() }];
    }
    default:
      return [{ pointer: error.instancePath, detail: `${error.message}.` }];
  }
}

/** What the schema says of the field; patterns are for machines. */
function descriptionAt(schema: TSchema, path: string): string {
  let part: unknown = schema;
  for (const member of path.split("/").slice(1))
    part = (part as Record<string, unknown> | undefined)?.[
      member.replaceAll("~1", "/").replaceAll("~0", "~")
    ]; // JSON
  const { description } = (part ?? {}) as { description?: unknown };
  return typeof description === "string" ? description : "";
}

function escaped(member: string): string {
  return member.replaceAll("~", "~0").replaceAll("/", "~1");
}
