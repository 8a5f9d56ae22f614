// One line of `rescind doctor`.

import type { Connection } from "../connection.ts";

export interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "failed" | "skipped";
  readonly detail: string;
  /** What to do about it. */
  readonly mend?: string | undefined;
}

export type Found = Omit<Finding, "check">;

/** What it throws is a finding as well. */
export type Check = (connection: Connection) => Promise<Found>;
