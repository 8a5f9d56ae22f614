// Trying again what may pass: a server that says 503 or 429, or that cannot be reached for a moment.

import { setTimeout as pause } from "node:timers/promises";
import { AdminProblem } from "@rescind/admin-api";
import { Failure } from "./failure.ts";

const attempts = 5;
/** Seconds between two attempts at most, whatever the server asks for. */
const longestPause = 30;

/** Does it up to five times. Only for what is harmless to repeat. @throws the last failure */
export async function patiently<Result>(once: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once();
    } catch (error) {
      const seconds = pauseAfter(error, attempt);
      if (seconds === undefined || attempt === attempts) throw error;
      await pause(Math.min(seconds, longestPause) * 1000);
    }
  }
}

/** Seconds; undefined where trying again is of no use. */
function pauseAfter(error: unknown, attempt: number): number | undefined {
  if (error instanceof AdminProblem)
    return error.status === 503 || error.status === 429 ? (error.retryAfter ?? attempt) : undefined;
  return error instanceof Failure && error.mayPass ? (error.retryAfter ?? attempt) : undefined;
}
