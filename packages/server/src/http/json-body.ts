// JSON bodies: parsed and checked against a schema, or the answer that says what is wrong.

import type { FieldError } from "@rescind/admin-api";
import type { FastifyInstance } from "fastify";
import type { Answer } from "./answer.ts";
import { problem } from "./respond.ts";
import type { Check } from "./validation.ts";

export type Checked = { readonly value: unknown } | { readonly refused: Answer };

/** Only application/json, handed on as text. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );
}

/** @param ifAbsent what no body at all means; undefined: there must be one */
export function checkedBody(sent: unknown, check: Check, ifAbsent?: object): Checked {
  if (typeof sent !== "string" || sent === "") {
    if (ifAbsent !== undefined) return { value: ifAbsent };
    return {
      refused: problem({ status: 400, detail: "Send a JSON object with Content-Type: application/json." }),
    };
  }
  let value: unknown;
  try {
    value = JSON.parse(sent);
  } catch {
    return { refused: problem({ status: 400, detail: "The body is not valid JSON." }) };
  }
  if (isDeeperThan(mostLevels, value))
    return {
      refused: problem({ status: 400, detail: `The body is nested deeper than ${mostLevels} levels.` }),
    };
  const errors = check(value);
  return errors.length === 0 ? { value } : { refused: invalid(errors) };
}

/** Whatever walks the value by recursion afterwards has an end. */
const mostLevels = 64;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

/** 400 that names every field. */
export function invalid(errors: readonly FieldError[]): Answer {
  const [first] = errors;
  const detail =
    first === undefined ? "The request is not valid." : `${first.pointer || "The body"} ${first.detail}`;
  return problem({ status: 400, detail, errors });
}
