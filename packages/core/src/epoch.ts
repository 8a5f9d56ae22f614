// Epochs: numbers begin anew, and higher, when a database comes back from a backup, so that no number ever means two
// things. And what tells that it did. DESIGN.md section 1, "Restores". Reading and storing are the caller's.

import { epochOf } from "./feed-entry.ts";

/** The first epoch that is named by its second; 0 is that of a log that was never restored. */
const secondsFrom = Date.UTC(2025, 0, 1) / 1000;

/**
 * The epoch that begins now: the second since 2025-01-01, and greater than that of every number that was ever given.
 * @param at seconds since 1970
 * @param given numbers known to have been given, on this log or on one that was lost
 */
export function nextEpoch(at: number, given: readonly number[]): number {
  return Math.max(Math.floor(at - secondsFrom), ...given.map((seq) => epochOf(seq) + 1));
}

/** Where a PostgreSQL database lives, as it was noted in the database itself. */
export interface Home {
  /** Of the cluster; another one where a dump was loaded. */
  readonly system: string;
  /** Rises when a standby is promoted, or a backup is brought forward to a point in time. */
  readonly timeline: number;
  /** Whether a commit was on a second machine before it was answered. */
  readonly replicated: boolean;
}

export function isSameHome(a: Home, b: Home | undefined): boolean {
  return a.system === b?.system && a.timeline === b.timeline && a.replicated === b.replicated;
}

/** Whether a position is on a log: `unknown` where it is too old to tell, or there is none. */
export type Place = "on-log" | "off-log" | "unknown";

/**
 * How a restore was noticed. `verb`: `rescind restore`; `behind`: the log ends before a position that this node knew;
 * `system`, `timeline`: the database lives elsewhere; `lease`: a verifier holds a signed position that is not on the log.
 */
export const restoreCauses = ["verb", "behind", "system", "timeline", "lease"] as const;

export type RestoreCause = (typeof restoreCauses)[number];

/**
 * Whether the database came back from a backup since a node knew it, as far as what is known tells; undefined if not.
 * A standby that was promoted lost nothing if it was synchronous and has what this node knew last.
 * @param known where the last position that this node knew is on the log
 */
export function noticedRestore(
  known: Place,
  noted: Home | undefined,
  now: Home | undefined,
): RestoreCause | undefined {
  if (known === "off-log") return "behind";
  if (noted === undefined || now === undefined) return undefined;
  if (noted.system !== now.system) return "system";
  if (noted.timeline === now.timeline) return undefined;
  return noted.replicated && known === "on-log" ? undefined : "timeline";
}
