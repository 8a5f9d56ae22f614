// What all entries of the config file have in common: how they are refused, compared and recorded.

import { isDeepStrictEqual } from "node:util";
import type { FieldError } from "@rescind/admin-api";
import type { Actor } from "@rescind/store";
import { ConfigurationError } from "../configuration.ts";
import type { Dependencies } from "../dependencies.ts";

/** Who does what the config file says. */
export const operator: Actor = { kind: "server", id: "configuration" };

/** @throws ConfigurationError that names the entry and the field, if there are errors */
export function checked(where: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw refusal(where, errors);
}

export function refusal(where: string, errors: readonly FieldError[]): ConfigurationError {
  const [first] = errors;
  return new ConfigurationError(
    `Config file, ${where}${first?.pointer ?? ""}: ${first?.detail ?? "is not valid."}`,
  );
}

/** @throws ConfigurationError for the first name that is there twice */
export function refuseDoubles(list: string, names: readonly string[]): void {
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined)
    throw new ConfigurationError(`Config file, ${list}: ${double} is declared twice.`);
}

/** As the store would give it back: absent members and members that are undefined are the same. */
export function isSame(stored: object | undefined, declared: object): boolean {
  return (
    stored !== undefined &&
    isDeepStrictEqual(JSON.parse(JSON.stringify(stored)), JSON.parse(JSON.stringify(declared)))
  );
}

/** Into the audit log, as done by the configuration. */
export function record(
  action: string,
  content: Readonly<Record<string, unknown>>,
  parts: Pick<Dependencies, "now" | "store">,
): Promise<void> {
  return parts.store.recordAudit({ action, actor: operator, atMs: parts.now(), content });
}
