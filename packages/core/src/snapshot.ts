// The snapshot of the log, byte by byte: what stands at one position, for readers that begin. docs/reference/feed.md.
// Lays the bytes out and reads them; hashing, signing and compressing are the caller's. All numbers are big-endian.

import { fromBase64url, toBase64url } from "./bytes.ts";
import type { EntryRecord } from "./entry-chunk.ts";
import type { Position, RevokeEntry } from "./feed-entry.ts";
import { fingerprintText, readFingerprint } from "./fingerprint-words.ts";
import { unitNames } from "./units.ts";

export const snapshotMediaType = "application/vnd.rescind.snapshot";

/** `RSCSNAP` and the version. */
const magic = Uint8Array.of(0x52, 0x53, 0x43, 0x53, 0x4e, 0x41, 0x50, 1);
const hashLength = 32;
const fixedLength = magic.length + 8 + hashLength + 4 + 2;
/** Bytes of a record. */
export const snapshotRecordLength = 40;
const suspendFlag = 1;
const beforeFlag = 2;
const expiresFlag = 4;

export interface SnapshotHead {
  readonly issuer: string;
  readonly position: Position;
  /** Records that follow. */
  readonly count: number;
}

/** A snapshot whose digest and signature are not checked yet. */
export interface ParsedSnapshot extends Omit<SnapshotHead, "issuer"> {
  /** What the digest is of. */
  readonly digested: Uint8Array<ArrayBuffer>;
  /** SHA-256, base64url. */
  readonly digest: string;
  /** A compact JWS over issuer, position and digest. */
  readonly signature: string;
  /** Reads one record into `record`; false for one that is not understood, which makes the whole worthless. */
  read(index: number, record: EntryRecord): boolean;
}

/** What `read` fills, again and again. */
export function emptyRecord(): EntryRecord {
  return {
    words: new Uint32Array(4),
    seq: 0,
    unit: "all",
    suspend: false,
    before: undefined,
    expires: undefined,
  };
}

/** The entry of a record. */
export function recordEntry({ words, seq, unit, suspend, before, expires }: EntryRecord): RevokeEntry {
  return {
    seq,
    kind: "revoke",
    unit,
    fp: fingerprintText(words),
    ...(before === undefined ? {} : { before }),
    ...(suspend ? { suspend } : {}),
    ...(expires === undefined ? {} : { expires }),
  };
}

/** The bytes before the records. */
export function snapshotHead({ issuer, position, count }: SnapshotHead): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(issuer);
  const bytes = new Uint8Array(fixedLength + name.length);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setBigUint64(8, BigInt(position.seq));
  bytes.set(fromBase64url(position.hash) ?? new Uint8Array(hashLength), 16);
  view.setUint32(48, count);
  view.setUint16(52, name.length);
  bytes.set(name, fixedLength);
  return bytes;
}

/**
 * Writes one record at an offset; records go by number.
 * @throws RangeError for an entry whose fingerprint is none or whose times have more than 48 bits
 */
export function writeSnapshotRecord(view: DataView, at: number, entry: RevokeEntry): void {
  const { seq, unit, fp, before, suspend = false, expires } = entry;
  const words = new Uint32Array(4);
  if (!readFingerprint(fp, words)) throw new RangeError(`${fp} is no fingerprint`);
  writeEntryRecord(view, at, { words, seq, unit, before, suspend, expires });
}

/** As `writeSnapshotRecord`. */
export function writeEntryRecord(view: DataView, at: number, record: EntryRecord): void {
  const { words, seq, unit, before, suspend, expires } = record;
  for (let i = 0; i < 4; i++) view.setUint32(at + 4 * i, words[i] ?? 0);
  view.setUint32(at + 16, Math.floor(seq / 2 ** 32));
  view.setUint32(at + 20, seq >>> 0);
  setSeconds(view, at + 24, before ?? 0);
  setSeconds(view, at + 30, expires ?? 0);
  view.setUint8(at + 36, unitNames.indexOf(unit) + 1);
  const flags =
    (suspend ? suspendFlag : 0) |
    (before === undefined ? 0 : beforeFlag) |
    (expires === undefined ? 0 : expiresFlag);
  view.setUint8(at + 37, flags);
  view.setUint16(at + 38, 0);
}

/** The bytes after the records: the digest of all before, and the signature. */
export function snapshotEnd(digest: Uint8Array, signature: string): Uint8Array<ArrayBuffer> {
  const jws = new TextEncoder().encode(signature);
  const bytes = new Uint8Array(hashLength + 2 + jws.length);
  bytes.set(digest);
  new DataView(bytes.buffer).setUint16(hashLength, jws.length);
  bytes.set(jws, hashLength + 2);
  return bytes;
}

/** Reads a whole snapshot; undefined for another version or issuer, or for bytes that are too few or too many. */
export function parseSnapshot(bytes: Uint8Array<ArrayBuffer>, issuer: string): ParsedSnapshot | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < fixedLength || !magic.every((byte, i) => bytes[i] === byte)) return undefined;
  const seq = Number(view.getBigUint64(8));
  const count = view.getUint32(48);
  const first = fixedLength + view.getUint16(52);
  const end = first + count * snapshotRecordLength;
  const jwsAt = end + hashLength + 2;
  if (!Number.isSafeInteger(seq) || bytes.length < jwsAt) return undefined;
  if (bytes.length !== jwsAt + view.getUint16(end + hashLength)) return undefined;
  const name = new TextEncoder().encode(issuer);
  if (first !== fixedLength + name.length || !name.every((byte, i) => bytes[fixedLength + i] === byte))
    return undefined;
  return {
    position: { seq, hash: toBase64url(bytes.subarray(16, 48)) },
    count,
    digested: bytes.subarray(0, end),
    digest: toBase64url(bytes.subarray(end, end + hashLength)),
    signature: String.fromCharCode(...bytes.subarray(jwsAt)),
    read: (index, record) => readRecord(view, first + index * snapshotRecordLength, record),
  };
}

function readRecord(view: DataView, at: number, record: EntryRecord): boolean {
  const seq = view.getUint32(at + 16) * 2 ** 32 + view.getUint32(at + 20);
  const unit = unitNames[view.getUint8(at + 36) - 1];
  const flags = view.getUint8(at + 37);
  const isKnown = flags < 8 && view.getUint16(at + 38) === 0;
  if (unit === undefined || !isKnown || !Number.isSafeInteger(seq)) return false;
  for (let i = 0; i < 4; i++) record.words[i] = view.getUint32(at + 4 * i);
  record.seq = seq;
  record.unit = unit;
  record.suspend = (flags & suspendFlag) !== 0;
  record.before = (flags & beforeFlag) === 0 ? undefined : seconds(view, at + 24);
  record.expires = (flags & expiresFlag) === 0 ? undefined : seconds(view, at + 30);
  return true;
}

function setSeconds(view: DataView, at: number, value: number): void {
  if (value >= 2 ** 48) throw new RangeError(`${value} has more than 48 bits`);
  view.setUint16(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 2, value % 2 ** 32);
}

function seconds(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}
