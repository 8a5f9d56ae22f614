// How a command ends when it does not succeed: exit status 1 where the server or a check refused, 2 for wrong usage.

import { AdminProblem } from "@rescind/admin-api";
import { printable } from "./output.ts";

export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: 1 | 2;
  /** Trying again later may help: the server could not be reached, or could not answer. */
  readonly mayPass: boolean;
  /** Seconds after which it may have passed, where the server says so. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: "refused" | "unavailable" | "usage",
    message: string,
    more: { readonly cause?: unknown; readonly retryAfter?: number | undefined } = {},
  ) {
    super(message, { cause: more.cause });
    this.exitCode = kind === "usage" ? 2 : 1;
    this.mayPass = kind === "unavailable";
    this.retryAfter = more.retryAfter;
  }
}

export function refused(message: string, cause?: unknown): Failure {
  return new Failure("refused", message, { cause });
}

export function unavailable(message: string, cause?: unknown, retryAfter?: number): Failure {
  return new Failure("unavailable", message, { cause, retryAfter });
}

export function wrongUsage(message: string): Failure {
  return new Failure("usage", message);
}

/** Says on standard error what went wrong, field by field, and returns the exit status. */
export function report(error: unknown): number {
  if (error instanceof AdminProblem) {
    console.error(`rescind: ${told(error.message)}`);
    const untold = (error.problem.errors ?? []).filter(({ pointer }) => !error.message.includes(pointer));
    for (const { pointer, detail } of untold) console.error(`  ${told(`${pointer}: ${detail}`)}`);
    if (error.retryAfter !== undefined) console.error(`  Try again in ${error.retryAfter} s.`);
    return 1;
  }
  if (error instanceof Failure) {
    console.error(`rescind: ${told(error.message)}`);
    return error.exitCode;
  }
  console.error("rescind:", error);
  return 1;
}

/** What a server says must not steer the terminal; line by line, since messages of ours may have several. */
function told(message: string): string {
  return message.split("\n").map(printable).join("\n");
}
