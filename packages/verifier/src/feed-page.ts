// What the feed sends, parsed at the door: JSON pages and events of the live stream. CONTRACT.md section 6.
// Undefined means that something was not understood, which a reader treats as a gap.

import { type FeedEntry, fromBase64url, type Position, parseFeedEntry, parsePosition } from "@rescind/core";
import type { StreamEvent } from "./event-stream.ts";
import { membersOf, parseJson } from "./json.ts";

export interface FeedPage {
  readonly head: number;
  /** At the last entry of the page; where it has none, at the head. */
  readonly hash: string;
  readonly entries: readonly FeedEntry[];
  readonly more: boolean;
}

/** An entry and the hash that its sender claims for it. */
export interface StreamedEntry {
  readonly entry: FeedEntry;
  readonly hash: string;
}

/** Reads `{head, hash, entries, more}`. Entries must ascend; they may have holes. */
export function parseFeedPage(wire: unknown): FeedPage | undefined {
  const { head, hash, entries, more } = membersOf(wire);
  if (!isNumber(head) || !isHash(hash) || !Array.isArray(entries) || typeof more !== "boolean")
    return undefined;
  const parsed: FeedEntry[] = [];
  let last = 0;
  for (const item of entries) {
    const entry = parseFeedEntry(item);
    if (entry === undefined || entry.seq <= last || entry.seq > head) return undefined;
    last = entry.seq;
    parsed.push(entry);
  }
  return { head, hash, entries: parsed, more };
}

/** Reads `event: entry`, `id: SEQ.HASH`, `data:` the entry. Any other event is one we do not know. */
export function parseStreamedEntry(event: StreamEvent): StreamedEntry | undefined {
  if (event.name !== "entry") return undefined;
  const position = parsePosition(event.id);
  const entry = parseFeedEntry(parseJson(event.data));
  if (position?.hash === undefined || entry === undefined || entry.seq !== position.seq) return undefined;
  return { entry, hash: position.hash };
}

/** Reads `{seq, hash}`. */
export function parseWirePosition(seq: unknown, hash: unknown): Position | undefined {
  return isNumber(seq) && isHash(hash) ? { seq, hash } : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && fromBase64url(value)?.length === 32;
}
