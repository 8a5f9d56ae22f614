// What the verbs have in common that work on a database itself: which one, and how its refusals end the command.

import type { Command } from "commander";
import { refused, unavailable, wrongUsage } from "./failure.ts";

export interface DatabaseOptions {
  readonly data?: string;
  readonly database?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds `--database`, `--data`, `--config` and `--json`, as `serve` reads the first three. */
export function databased(command: Command): Command {
  return command
    .option(
      "--database <address>",
      "sqlite:PATH or postgres://… (default: RESCIND_DATABASE, else sqlite:DIR/rescind.db)",
    )
    .option("--data <dir>", "directory with master.key and the database (default: RESCIND_DATA, else ./data)")
    .option("--config <file>", "the server's config file, where it names them")
    .option("--json", "print the result as JSON");
}

/** Says what the database or a setting refused, without a stack. @throws Failure */
export async function orRefused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { message: why } = error.cause instanceof Error ? error.cause : { message: "" };
    const cause = error.message.includes(why) ? "" : ` (${why})`;
    switch (error.name) {
      case "ConfigurationError":
        throw wrongUsage(error.message);
      case "StoreRefused":
        throw refused(error.message, error);
      case "StoreUnavailable":
        throw unavailable(error.message + cause, error);
      default:
        // The system's own: no space, no permission, no such file.
        if ("code" in error && typeof error.code === "string") throw refused(error.message, error);
        throw error;
    }
  }
}
