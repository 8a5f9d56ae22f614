// What every request gets, whichever way it came in: an id, on its answer and in the log; one measurement; one line at the
// level debug, without its URL.

import { randomBytes } from "node:crypto";
import type { Dependencies } from "../dependencies.ts";

/** Ids that are drawn at once: one by one each took a microsecond. */
const drawn = 1024;
const lengths = { bytes: 12, text: 16 };
let texts = "";
let at = 0;

/**
 * Told apart from every other by 96 bits drawn by lot. Not counted, however mixed up: whoever asked twice could compute how
 * many asked in between, which is nobody's business.
 */
export function newRequestId(): string {
  if (at === texts.length) {
    texts = randomBytes(drawn * lengths.bytes).toString("base64url");
    at = 0;
  }
  at += lengths.text;
  return texts.slice(at - lengths.text, at);
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
