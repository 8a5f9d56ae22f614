// Entries of the revocation log as they go over the wire, and the bytes the hash chain covers.
// CONTRACT.md section 6, DESIGN.md section 5. `before` and `expires` are seconds since 1970.

import { lengthPrefixed, writePrefixed } from "./bytes.ts";
import { isUnitName, type UnitName } from "./units.ts";

/** A place on the log; `hash` is base64url of 32 bytes. */
export interface Position {
  readonly seq: number;
  readonly hash: string;
}

export interface RevokeEntry {
  readonly seq: number;
  readonly kind: "revoke";
  readonly unit: UnitName;
  /** 22 characters of base64url. */
  readonly fp: string;
  readonly before?: number | undefined;
  readonly suspend?: boolean | undefined;
  readonly expires?: number | undefined;
  /** Somebody waits for the acknowledgement of this entry. Not covered by the hash. */
  readonly ack?: boolean | undefined;
}

export interface LiftEntry {
  readonly seq: number;
  readonly kind: "lift";
  readonly expires?: number | undefined;
  readonly lifts: number;
  readonly ack?: boolean | undefined;
}

export interface EpochEntry {
  readonly seq: number;
  readonly kind: "epoch";
  readonly ack?: boolean | undefined;
}

export type FeedEntry = RevokeEntry | LiftEntry | EpochEntry;

/** Where an empty log stands: seq 0 and 32 zero bytes. */
export const origin: Position = { seq: 0, hash: "A".repeat(43) };

const epochSize = 2 ** 20;
/** Canonical base64url of 16 bytes, and `SEQ` or `SEQ.HASH` with that of 32: the last letter has no spare bits. */
const fingerprint = /^[\w-]{21}[AQgw]$/;
const position = /^(0|[1-9]\d{0,15})(?:\.([\w-]{42}[AEIMQUYcgkosw048]))?$/;

/**
 * True if `entry` may come directly after `seq`: the next number, or the first number of a later epoch
 * (an entry `all` or a plain epoch entry), which a restore begins. Anything else is a gap.
 */
export function follows(seq: number, entry: FeedEntry): boolean {
  if (entry.seq === seq + 1) return true;
  const opensEpoch = entry.kind === "epoch" || (entry.kind === "revoke" && entry.unit === "all");
  return opensEpoch && entry.seq > seq && entry.seq % epochSize === 1;
}

/** The first number of an epoch. Plain arithmetic: numbers go beyond 32 bits. */
export function firstOfEpoch(epoch: number): number {
  return epoch * epochSize + 1;
}

/** The epoch a number was given in, unless more than 2^20 were given in one: then a later one. */
export function epochOf(seq: number): number {
  return Math.floor(Math.max(0, seq - 1) / epochSize);
}

/**
 * The canonical bytes of an entry but for its number: kind, unit, fp, before, suspend, expires, lifts, each
 * length-prefixed, an absent member as empty text (no present member is ever empty).
 */
export function canonicalMembers(entry: FeedEntry): Uint8Array<ArrayBuffer> {
  return lengthPrefixed(memberTexts(entry));
}

/** The canonical bytes of an entry: its number in decimal, length-prefixed, then its members. */
export function canonicalEntry(entry: FeedEntry): Uint8Array<ArrayBuffer> {
  return lengthPrefixed([decimal(entry.seq), ...memberTexts(entry)]);
}

/** What is put into SHA-256 to get the hash at `entry`: the hash before it, then its canonical bytes. */
export function chainInput(previousHash: Uint8Array, entry: FeedEntry): Uint8Array<ArrayBuffer> {
  return lengthPrefixed([decimal(entry.seq), ...memberTexts(entry)], previousHash);
}

/**
 * Writes what `chainInput` has behind the hash before; where it ends. Undefined where there is no room for it, or where
 * it is not plain ASCII, as no entry is that a log holds.
 */
export function writeChained(bytes: Uint8Array, from: number, entry: FeedEntry): number | undefined {
  return writePrefixed(bytes, from, [decimal(entry.seq), ...memberTexts(entry)]);
}

function memberTexts(entry: FeedEntry): readonly string[] {
  const revoke = entry.kind === "revoke" ? entry : undefined;
  return [
    entry.kind,
    revoke?.unit ?? "",
    revoke?.fp ?? "",
    decimal(revoke?.before),
    revoke?.suspend === true ? "true" : "",
    decimal(entry.kind === "epoch" ? undefined : entry.expires),
    decimal(entry.kind === "lift" ? entry.lifts : undefined),
  ];
}

/** Reads one entry from the wire. Undefined for an unknown kind or a malformed member: a reader treats that as a gap. */
export function parseFeedEntry(wire: unknown): FeedEntry | undefined {
  if (typeof wire !== "object" || wire === null) return undefined;
  const raw = wire as Record<string, unknown>; // parsing boundary: every member is checked below
  const { seq, kind, unit, fp, before, suspend, expires, lifts, ack: waits } = raw;
  if (!isWhole(seq) || !isOptional(expires, isWhole) || !isOptional(before, isWhole)) return undefined;
  const ack = waits === true ? { ack: true } : {};
  const expiry = expires === undefined ? {} : { expires };
  if (kind === "epoch") return { seq, kind, ...ack };
  if (kind === "lift") return isWhole(lifts) ? { seq, kind, ...expiry, lifts, ...ack } : undefined;
  if (kind !== "revoke" || !isUnitName(unit) || !isFingerprint(fp)) return undefined;
  if (suspend !== undefined && typeof suspend !== "boolean") return undefined;
  return {
    seq,
    kind,
    unit,
    fp,
    ...(before === undefined ? {} : { before }),
    ...(suspend === true ? { suspend } : {}),
    ...expiry,
    ...ack,
  };
}

/** `SEQ.HASH`, as in `after=` and `id:`. */
export function formatPosition(position: Position): string {
  return `${position.seq}.${position.hash}`;
}

/** Reads `SEQ.HASH` or `SEQ` alone (then `hash` is undefined); undefined for anything else. */
export function parsePosition(text: string): { seq: number; hash: string | undefined } | undefined {
  const match = position.exec(text);
  const seq = Number(match?.[1]);
  return match === null || !Number.isSafeInteger(seq) ? undefined : { seq, hash: match[2] };
}

function decimal(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}

function isFingerprint(value: unknown): value is string {
  return typeof value === "string" && fingerprint.test(value);
}
