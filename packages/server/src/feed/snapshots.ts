// Snapshots of the log for verifiers that begin: made once for all that ask within some seconds, compressed beside the
// event loop, in slices so that others are answered in between. The layout is core's; docs/reference/feed.md.

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  formatPosition,
  type Position,
  type RevokeEntry,
  snapshotEnd,
  snapshotHead,
  snapshotRecordLength,
  writeSnapshotRecord,
} from "@rescind/core";
import type { StandingEntries } from "../tokens/standing.ts";

const compress = promisify(gzip);

/**
 * Milliseconds for which a snapshot is good though the log has gone on: much less than any entry is kept, so that the
 * tail after it is whole.
 */
const keptMs = 5000;
/** Milliseconds after which one that nobody asks for is given up. */
const forgottenMs = 60_000;
/** Records written at once. */
const slice = 10_000;
/** Seconds after its end that an entry still goes along: another machine's clock may differ. */
const endedMargin = 60;

export interface Snapshot {
  /** What it is known by to those who have it. */
  readonly tag: string;
  readonly gzipped: Uint8Array;
}

export interface SnapshotParts {
  readonly standing: Pick<StandingEntries, "standing" | "position">;
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
  const { position, entries } = standing.standing();
  const from = now() / 1000 - endedMargin;
  const kept = entries.filter(({ expires }) => expires === undefined || expires >= from);
  const head = snapshotHead({ issuer, position, count: kept.length });
  const pieces: Uint8Array[] = [head];
  for (let at = 0; at < kept.length; at += slice) {
    pieces.push(records(kept.slice(at, at + slice)));
    await setImmediate();
  }
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  const digest = hash.digest();
  const { seq, hash: at } = position;
  const signature = await sign({ iss: issuer, seq, hash: at, digest: digest.toString("base64url") });
  // Fingerprints do not compress; what stands beside them does at once.
  const gzipped = await compress(Buffer.concat([...pieces, snapshotEnd(digest, signature)]), { level: 1 });
  return { tag: tagOf(position), gzipped };
}

function records(entries: readonly RevokeEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * snapshotRecordLength);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, i) => {
    writeSnapshotRecord(view, i * snapshotRecordLength, entry);
  });
  return bytes;
}
