// What a server wrote, synced and answered, in order, from strace's output; and what a disk would hold had the power
// failed at one of these moments: every synced write, and of the others any, whole or torn. The shared-memory file of
// SQLite's log is not part of it: it does not survive a power failure and is made anew.

import type { Random } from "./random.ts";

export type DiskEvent =
  | { readonly kind: "write"; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: string; readonly size: number }
  | { readonly kind: "sync"; readonly file: string }
  /** Bytes handed to a socket. */
  | { readonly kind: "answer"; readonly text: string };

/** How strace has to be called for `readDiskTrace`. */
export const diskTraceOptions = [
  ...["-y", "-xx", "-s", "100000"],
  ...["-e", "trace=pwrite64,write,writev,ftruncate,fdatasync,fsync"],
] as const;

const call = /^(?:\d+\s+)?(\w+)\((\d+)<([^>]*)>(.*)$/s;
const resumed = /^(?:(\d+)\s+)?<\.\.\. (\w+) resumed>.*= (-?\d+)/s;

/** Events in the order in which they took effect; an answer counts from when the server began to send it. */
export function readDiskTrace(output: string): DiskEvent[] {
  const events: DiskEvent[] = [];
  /** Calls under way, by thread. */
  const underWay = new Map<string, DiskEvent>();
  for (const line of output.split("\n")) {
    const thread = /^\d+/.exec(line)?.[0] ?? "";
    const end = resumed.exec(line);
    if (end !== null) {
      const event = underWay.get(thread);
      underWay.delete(thread);
      if (event !== undefined && Number(end[3]) >= 0) events.push(event);
      continue;
    }
    const event = eventOf(line);
    if (event === undefined) continue;
    if (event.kind === "answer") events.push(event);
    else if (line.endsWith("<unfinished ...>")) underWay.set(thread, event);
    else if (/\) += \d+$/.test(line)) events.push(event);
  }
  return events;
}

function eventOf(line: string): DiskEvent | undefined {
  const [, name, , place = "", rest = ""] = call.exec(line) ?? [];
  const file = textOf(place);
  switch (name) {
    case "pwrite64": {
      const [, bytes = "", at = ""] = /^, "([^"]*)", \d+, (\d+)/.exec(rest) ?? [];
      return { kind: "write", file, at: Number(at), bytes: bytesOf(bytes) };
    }
    case "ftruncate":
      return { kind: "truncate", file, size: Number(/^, (\d+)/.exec(rest)?.[1]) };
    case "fdatasync":
    case "fsync":
      return { kind: "sync", file };
    case "write":
    case "writev":
      if (!file.startsWith("socket:") && !file.startsWith("TCP")) return undefined;
      return {
        kind: "answer",
        text: [...rest.matchAll(/"([^"]*)"/g)].map(([, bytes = ""]) => textOf(bytes)).join(""),
      };
    default:
      return undefined;
  }
}

function bytesOf(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll("\\x", ""), "hex");
}

function textOf(escaped: string): string {
  return escaped.includes("\\x") ? bytesOf(escaped).toString() : escaped;
}

/**
 * The files after a power failure that follows `events`.
 * @param before the files as they were, synced, before the first event
 */
export function afterPowerLoss(
  before: ReadonlyMap<string, Buffer>,
  events: readonly DiskEvent[],
  random: Random,
): Map<string, Buffer> {
  const lastSync = new Map<string, number>();
  for (const [index, event] of events.entries()) if (event.kind === "sync") lastSync.set(event.file, index);
  const disks = new Map(
    [...before].map(([file, bytes]) => [file, new Disk(bytes, greatestEnd(file, events))]),
  );
  for (const [index, event] of events.entries()) {
    if (event.kind === "sync" || event.kind === "answer") continue;
    const isSynced = index < (lastSync.get(event.file) ?? -1);
    const survives = isSynced ? "whole" : random.pick(["whole", "torn", "lost"] as const);
    disks.get(event.file)?.apply(event, survives);
  }
  return new Map([...disks].map(([file, disk]) => [file, disk.content]));
}

/** A torn write ends at a boundary of the disk's sectors. */
const sector = 512;

/** One file, grown in place. */
class Disk {
  readonly #bytes: Buffer;
  #size: number;

  constructor(before: Buffer, greatestSize: number) {
    this.#bytes = Buffer.alloc(Math.max(before.length, greatestSize));
    this.#size = before.copy(this.#bytes);
  }

  get content(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  apply(
    event: Extract<DiskEvent, { kind: "write" | "truncate" }>,
    survives: "whole" | "torn" | "lost",
  ): void {
    if (survives === "lost") return;
    if (event.kind === "truncate") {
      this.#bytes.fill(0, event.size);
      this.#size = event.size;
      return;
    }
    const half = Math.floor(event.bytes.length / 2 / sector) * sector;
    const bytes = survives === "torn" ? event.bytes.subarray(0, half) : event.bytes;
    bytes.copy(this.#bytes, event.at);
    this.#size = Math.max(this.#size, event.at + bytes.length);
  }
}

function greatestEnd(file: string, events: readonly DiskEvent[]): number {
  const ends = events.map((event) => {
    if (event.kind === "write" && event.file === file) return event.at + event.bytes.length;
    return event.kind === "truncate" && event.file === file ? event.size : 0;
  });
  return Math.max(0, ...ends);
}
