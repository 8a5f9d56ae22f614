// What every request gets, whichever way it came in: an id, on its answer and in the log; one measurement; one line at the
// level debug, without its URL.

import { randomBytes, randomInt } from "node:crypto";
import type { Dependencies } from "../dependencies.ts";

/** Requests of which one beginning tells one process. */
const mostOfOne = 2 ** 32;
let beginning = "";
let key = 0;
let count = mostOfOne;

/**
 * Told apart from every other, and no secret, so that it need not be drawn by lot each time. A beginning that is drawn for the
 * process, and the number of the request, which is mixed up since how many there were is nobody's business.
 */
export function newRequestId(): string {
  if (count === mostOfOne) {
    beginning = randomBytes(12).toString("base64url");
    key = randomInt(mostOfOne);
    count = 0;
  }
  const number = mixed((count++ ^ key) | 0);
  return `${beginning}-${hex(number >>> 24)}${hex(number >>> 16)}${hex(number >>> 8)}${hex(number)}`;
}

/** Another number of 32 bits for each (the last steps of MurmurHash3). */
function mixed(number: number): number {
  const half = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  const most = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return most ^ (most >>> 16);
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(number: number): string | undefined {
  return hexOfByte[number & 255];
}

export interface AnsweredRequest {
  readonly id: string;
  readonly method: string;
  /** The route's path, never the request's; "none" where there is no such route. */
  readonly route: string;
  readonly status: number;
  /** Milliseconds from its arrival. */
  readonly ms: number;
}

export function noteAnswered(
  { id, method, route, status, ms }: AnsweredRequest,
  { metrics, log }: Pick<Dependencies, "log" | "metrics">,
): void {
  metrics.answered(route, status, ms / 1000);
  if (log.isLevelEnabled("debug")) log.debug({ reqId: id, method, route, status, ms }, "answered");
}
