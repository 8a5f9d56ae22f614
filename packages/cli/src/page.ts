// Options of every list: how many items, and where to go on.

import type { Command } from "commander";
import { wholeNumber } from "./parameters.ts";

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

export function pageable(command: Command): Command {
  return command
    .option("--limit <items>", "items at most", wholeNumber)
    .option("--cursor <cursor>", "where the page before ended");
}

/** The members that were given. */
export function pageOf({ limit, cursor }: PageOptions): { limit?: number; cursor?: string } {
  return { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) };
}
