// The newest entries of the log, read from the audit records: their numbers have no holes, so a reader knows when it
// has all of them. Does not keep more than is shown.

import type { AuditItem } from "@rescind/admin-api";
import { inWords } from "../orders/target.ts";
import { given } from "../parts/given.ts";
import type { Page } from "../parts/list-table.tsx";

export interface Log {
  /** The newest record looked at, whether of the log or not. */
  readonly seen: number;
  /** Of the log, newest first, without holes. */
  readonly records: readonly AuditItem[];
}

export interface LogEntry {
  /** Of the audit record. */
  readonly record: number;
  /** On the log; a restore's record has none. */
  readonly seq: number | undefined;
  readonly at: string;
  readonly unit: string;
  readonly what: string;
  readonly effect: "ends" | "suspends" | "lifts" | "restores";
  /** The number it takes back. */
  readonly lifts: number | undefined;
  readonly isFinal: boolean;
  readonly reason: string;
  readonly by: string;
}

export const mostEntries = 200;
const enoughAtFirst = 50;
const mostPages = 10;

/**
 * What is known and what has come since. Where more came than it reads at once, what was known is let go of rather than
 * shown with a hole.
 */
export async function readLog(
  load: (query: { readonly limit: number; readonly cursor?: string }) => Promise<Page<AuditItem>>,
  known: Log | undefined,
): Promise<Log> {
  const since = known?.seen ?? 0;
  const found: AuditItem[] = [];
  let seen = since;
  let cursor: string | undefined;
  let hasAll = false;
  for (let pages = 0; pages < mostPages && !hasAll; pages += 1) {
    const { items, next } = await load({ limit: known === undefined ? 200 : 20, ...given({ cursor }) });
    // A restore has taken records back: what was known of them is not true any more.
    if ((items[0]?.number ?? 0) < since && pages === 0) return readLog(load, undefined);
    seen = Math.max(seen, items[0]?.number ?? 0);
    found.push(...items.filter((item) => item.number > since && isOfLog(item)));
    hasAll = next === null || (items.at(-1)?.number ?? 0) <= since + 1;
    if (known === undefined && found.length >= enoughAtFirst) break;
    cursor = next ?? undefined;
  }
  const before = hasAll ? (known?.records ?? []) : [];
  return { seen, records: [...found, ...before].slice(0, mostEntries) };
}

function isOfLog({ seq, action }: AuditItem): boolean {
  return seq !== undefined || action === "restore";
}

export function entryOf({ number, seq, at, action, actor, content }: AuditItem): LogEntry {
  const { unit, select, reason, suspend, final, lifts } = content;
  const isLift = action === "lift" || action === "approve";
  const effect = isLift ? "lifts" : suspend === true ? "suspends" : "ends";
  return {
    ...{ record: number, seq, at, by: `${actor.kind} ${actor.id}` },
    unit: textOf(membersOf(unit).name),
    what: select === undefined ? "" : inWords(membersOf(select)),
    effect: action === "restore" ? "restores" : effect,
    lifts: typeof lifts === "number" ? lifts : undefined,
    isFinal: final === true,
    // A lift's record repeats why the order was given; that is not why it was lifted.
    reason: isLift ? "" : textOf(reason),
  };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
