// What a process wrote to its files and when it synced them, as strace saw it, and what a disk may hold when the power
// fails at some moment: all that was synced, and of the rest any part.

import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

export type Event =
  | { readonly kind: "write"; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: string; readonly length: number }
  | { readonly kind: "sync"; readonly file: string }
  | { readonly kind: "line"; readonly text: string };

/** Runs a command under strace; its writes to files whose path begins with `prefix`, its syncs and printed lines. */
export function recordWrites(command: readonly string[], prefix: string, trace: string): Event[] {
  const calls = "trace=pwrite64,write,fsync,fdatasync,ftruncate";
  const { status, stderr } = spawnSync(
    "strace",
    ["-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", calls, "-o", trace, ...command],
    {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  if (status !== 0) throw new Error(`the recorded process failed: ${stderr}`);
  return completed(readFileSync(trace, "latin1")).flatMap((call) => eventOf(call, prefix));
}

/** Calls that another thread's interrupted in the trace are put together again, where they ended. */
function completed(trace: string): string[] {
  const begun = new Map<string, string>();
  return trace.split("\n").flatMap((line) => {
    const [, thread = "", call = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = call.indexOf(" <unfinished ...>");
    if (unfinished >= 0) begun.set(thread, call.slice(0, unfinished));
    if (unfinished >= 0) return [];
    const resumed = /^<\.\.\. \w+ resumed>/.exec(call);
    return resumed === null ? [call] : [(begun.get(thread) ?? "") + call.slice(resumed[0].length)];
  });
}

function eventOf(call: string, prefix: string): Event[] {
  const [, name = "", described = "", rest = ""] = /^(\w+)\(\d+<([^>]*)>(.*)$/.exec(call) ?? [];
  if (!/= \d+$/.test(call)) return [];
  const file = unescaped(described).toString();
  const [, data = "", numbers = ""] = /^, "([^"]*)"(.*)$/.exec(rest) ?? [];
  if (name === "write" && !file.startsWith(prefix)) {
    const lines = unescaped(data).toString().split("\n").slice(0, -1);
    return lines
      .filter((text) => /^(issued|revoked) \d+$/.test(text))
      .map((text) => ({ kind: "line", text }));
  }
  if (!file.startsWith(prefix)) return [];
  if (name === "fsync" || name === "fdatasync") return [{ kind: "sync", file }];
  if (name === "ftruncate") return [{ kind: "truncate", file, length: Number(/^, (\d+)/.exec(rest)?.[1]) }];
  const at = Number(/^, \d+, (\d+)/.exec(numbers)?.[1]);
  return name === "pwrite64" ? [{ kind: "write", file, at, bytes: unescaped(data) }] : [];
}

function unescaped(text: string): Buffer {
  return Buffer.from(text.replaceAll("\\x", ""), "hex");
}

export interface Outage {
  /** Events that had happened. */
  readonly until: number;
  /** Whether a write that was not synced reached the disk all the same. */
  readonly survives: () => boolean;
  /** Whether a sync of this file counts; all do where the disk is honest. */
  readonly isSynced: (file: string) => boolean;
}

/** Makes the files as the disk may hold them after the outage, beginning from copies of the files before. */
export function replay(events: readonly Event[], outage: Outage, place: (file: string) => string): void {
  const waiting = new Map<string, Event[]>();
  for (const event of events.slice(0, outage.until)) {
    if (event.kind === "line") continue;
    const pending = waiting.get(event.file) ?? [];
    waiting.set(event.file, pending);
    if (event.kind !== "sync") pending.push(event);
    else if (outage.isSynced(event.file)) for (const done of pending.splice(0)) put(done, place);
  }
  for (const pending of waiting.values())
    for (const event of pending) if (outage.survives()) put(event, place);
}

function put(event: Event, place: (file: string) => string): void {
  if (event.kind !== "write" && event.kind !== "truncate") return;
  const path = place(event.file);
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "a");
  closeSync(file);
  const open = openSync(path, "r+");
  if (event.kind === "write") writeSync(open, event.bytes, 0, event.bytes.length, event.at);
  else ftruncateSync(open, event.length);
  closeSync(open);
}

/** A copy in a directory of its own. */
export function copied(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
