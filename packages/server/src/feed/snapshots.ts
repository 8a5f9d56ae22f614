// Snapshots of the log for verifiers that begin: made once for all that ask within some seconds, compressed beside the
// event loop, in slices so that others are answered in between. The layout is core's; docs/reference/feed.md.

import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { createGzip } from "node:zlib";
import {
  type FrozenEntries,
  formatPosition,
  type Position,
  snapshotEnd,
  snapshotHead,
  snapshotRecordLength,
  writeEntryRecord,
} from "@rescind/core";
import type { StandingEntries } from "../tokens/standing.ts";

/**
 * Milliseconds for which a snapshot is good though the log has gone on: much less than any entry is kept, so that the
 * tail after it is whole.
 */
const keptMs = 5000;
/** Milliseconds after which one that nobody asks for is given up. */
const forgottenMs = 60_000;
/** Records written at once. */
const slice = 10_000;
/** Bytes of a compressed piece, at most. */
const pieceBytes = 65_536;
/** Seconds after its end that an entry still goes along: another machine's clock may differ. */
const endedMargin = 60;

export interface Snapshot {
  /** What it is known by to those who have it. */
  readonly tag: string;
  /** Never put together: of ten million entries that would stop everybody for a third of a second, each time it is sent. */
  readonly gzipped: readonly Uint8Array[];
}

export interface SnapshotParts {
  readonly standing: Pick<StandingEntries, "frozen" | "position">;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Signs the payload, as a compact JWS of the type `rescind-snapshot+jwt`. */
export type SignSnapshot = (payload: object) => Promise<string>;

export interface Snapshots {
  /** What a snapshot of this moment is known by. */
  readonly tag: string;
  /** One of this position or that was made lately, or a new one. */
  current(sign: SignSnapshot): Promise<Snapshot>;
}

interface Made {
  readonly at: number;
  readonly tag: string;
  readonly snapshot: Promise<Snapshot>;
}

export function snapshots(parts: SnapshotParts): Snapshots {
  const { standing, now } = parts;
  let latest: Made | undefined;
  let forgetting: NodeJS.Timeout | undefined;
  const isGood = ({ at, tag }: Made): boolean =>
    tag === tagOf(standing.position) || Math.abs(now() - at) < keptMs;
  const forget = (made: Made): void => {
    if (latest === made) latest = undefined;
  };
  return {
    get tag() {
      return tagOf(standing.position);
    },
    current(sign) {
      let made = latest;
      if (made === undefined || !isGood(made)) {
        const fresh = { at: now(), tag: tagOf(standing.position), snapshot: make(parts, sign) };
        fresh.snapshot.catch(() => forget(fresh));
        made = fresh;
      }
      latest = made;
      const kept = made;
      clearTimeout(forgetting);
      forgetting = setTimeout(() => forget(kept), forgottenMs).unref();
      return made.snapshot;
    },
  };
}

function tagOf(position: Position): string {
  return `W/"${formatPosition(position)}"`;
}

async function make({ standing, issuer, now }: SnapshotParts, sign: SignSnapshot): Promise<Snapshot> {
  const { position, entries } = standing.frozen();
  const from = now() / 1000 - endedMargin;
  const count = await countFrom(entries, from);
  const pieces = async function* () {
    const hash = createHash("sha256");
    const head = snapshotHead({ issuer, position, count });
    hash.update(head);
    yield head;
    for (const piece of records(entries, from)) {
      hash.update(piece);
      yield piece;
      await setImmediate();
    }
    const digest = hash.digest();
    const { seq, hash: at } = position;
    const signature = await sign({ iss: issuer, seq, hash: at, digest: digest.toString("base64url") });
    yield snapshotEnd(digest, signature);
  };
  // Fingerprints do not compress; what stands beside them does at once. Piece by piece, so that it is never there whole.
  const gzipped: Uint8Array[] = [];
  await pipeline(pieces, createGzip({ level: 1, chunkSize: pieceBytes }), async (compressed) => {
    for await (const piece of compressed) gzipped.push(piece);
  });
  return { tag: tagOf(position), gzipped };
}

/** How many of them end at `from` (seconds) or later. */
async function countFrom(entries: FrozenEntries, from: number): Promise<number> {
  let count = 0;
  let looked = 0;
  for (const { expires } of entries.records()) {
    if (expires === undefined || expires >= from) count += 1;
    if (++looked % (10 * slice) === 0) await setImmediate();
  }
  return count;
}

/** The records of entries that end at `from` (seconds) or later, some at a time. */
function* records(entries: FrozenEntries, from: number): Generator<Uint8Array, void, void> {
  const piece = () => new Uint8Array(Math.min(slice, entries.count) * snapshotRecordLength);
  let bytes = piece();
  let view = new DataView(bytes.buffer);
  let at = 0;
  for (const record of entries.records()) {
    if (record.expires !== undefined && record.expires < from) continue;
    writeEntryRecord(view, at, record);
    at += snapshotRecordLength;
    if (at < bytes.length) continue;
    yield bytes;
    bytes = piece();
    view = new DataView(bytes.buffer);
    at = 0;
  }
  if (at > 0) yield bytes.subarray(0, at);
}
