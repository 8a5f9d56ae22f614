// What every request gets, whichever way it came in: an id, on its answer and in the log; one measurement; one line at the
// level debug, without its URL.

import { randomUUID } from "node:crypto";
import type { Dependencies } from "../dependencies.ts";

export function newRequestId(): string {
  return randomUUID();
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
