// Values of options, parsed: whole numbers, lists, tokens and secrets from standard input.

import { text } from "node:stream/consumers";
import { InvalidArgumentError } from "commander";
import { wrongUsage } from "./failure.ts";

export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

/** Seconds, fractions allowed. */
export function seconds(value: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(value) || Number(value) === 0)
    throw new InvalidArgumentError("It must be a number of seconds above 0.");
  return Number(value);
}

/** An http or https URL, as it was given. */
export function httpUrl(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value))
    throw new InvalidArgumentError("It must be an http or https URL.");
  return value;
}

/** Values separated by commas or spaces. */
export function listOf(value: string): string[] {
  return value.split(/[,\s]+/).filter((item) => item !== "");
}

/**
 * The token of a command: by argument or `--token`, where `-` reads standard input. Undefined if there is none.
 * @throws Failure if it is given twice, or standard input holds none
 */
export async function tokenFrom(
  argument: string | undefined,
  option: string | undefined,
): Promise<string | undefined> {
  if (argument !== undefined && option !== undefined) throw wrongUsage("the token is given twice");
  const given = argument ?? option;
  if (given !== "-") return given;
  const read = (await text(process.stdin)).trim();
  if (read === "") throw wrongUsage("standard input holds no token");
  return read;
}

/** From standard input only: what is on a command line stands in histories and process lists. */
export async function secretFrom(flag: string, value: string | undefined): Promise<string | undefined> {
  if (value === undefined) return undefined;
  if (value !== "-") throw wrongUsage(`${flag} takes only -, which reads it from standard input`);
  const read = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (read === "") throw wrongUsage("standard input is empty");
  return read;
}
