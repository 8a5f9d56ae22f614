// The simulated server: the log with its real chain, pages, the live stream, leases, introspection, housekeeping, backups
// and restores. It does what DESIGN.md sections 4 and 5 ask of the real one, in virtual time and memory.

import { createHash } from "node:crypto";
import {
  chainInput,
  concatBytes,
  type EntryLife,
  entryLife,
  epochOf,
  type FeedEntry,
  firstOfEpoch,
  isWide,
  origin,
  type ParsedSnapshot,
  type Position,
  parseSnapshot,
  type RevokeEntry,
  snapshotEnd,
  snapshotHead,
  snapshotRecordLength,
  type Unit,
  writeSnapshotRecord,
} from "@rescind/core";
import type { StreamedEntry } from "../../src/feed-page.ts";
import type { Lease } from "../../src/freshness.ts";
import type { History, OrderRecord } from "./history.ts";
import { fingerprint, foreignIssuer, issuer, reaches, type SimulatedToken, tokenLife } from "./tokens.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Milliseconds since 1970 at the beginning of virtual time. */
export const wallAtStart = 1_800_000_000_000;

/** Entries of a page. */
const pageSize = 7;

export interface Subscriber {
  send(item: StreamedEntry): void;
  /** The server ended the stream. */
  end(): void;
}

export class SimulatedServer {
  readonly time: VirtualTime;
  readonly history: History;
  /** What is on the log and has not been removed, with what was removed below. */
  #log: StreamedEntry[] = [];
  #floor = 0;
  #head: Position = origin;
  /** The hash at each number that is kept. */
  readonly #hashes = new Map<number, string>([[0, origin.hash]]);
  /** Rises with every restart: requests of an earlier one are not answered. */
  #life = 0;
  readonly #subscribers = new Set<Subscriber>();
  /** Whether it makes snapshots; readers go by pages otherwise. */
  hasSnapshots = true;
  #snapshot: { readonly at: number; readonly parsed: ParsedSnapshot | undefined } | undefined;
  /** Milliseconds by which its wall clock is wrong. */
  #wallOffset = 0;
  #aheadMost = 0;
  #hasJumped = false;
  /** Milliseconds it stands still between taking the time of a lease and reading the head. */
  stall = 0;
  #backup:
    | { readonly log: readonly StreamedEntry[]; readonly head: Position; readonly floor: number }
    | undefined;

  constructor(time: VirtualTime, history: History) {
    this.time = time;
    this.history = history;
  }

  get head(): Position {
    return this.#head;
  }

  get life(): number {
    return this.#life;
  }

  /** Seconds since 1970, right. */
  get seconds(): number {
    return (wallAtStart + this.time.now) / 1000;
  }

  /** Appends an order; it is answered some milliseconds later. */
  revoke(
    unit: Unit,
    options: { suspend?: boolean; before?: number; ack?: boolean },
    answerAfter: number,
  ): void {
    const { suspend = false, ack = false } = options;
    const before =
      options.before ?? (isWide(unit.name) && unit.issuer !== issuer ? Math.floor(this.seconds) : undefined);
    const { expires } = this.lifeOf(unit, suspend);
    const entry: FeedEntry = {
      seq: this.#head.seq + 1,
      kind: "revoke",
      unit: unit.name,
      fp: fingerprint(unit),
      ...(before === undefined || !isWide(unit.name) || suspend ? {} : { before }),
      ...(suspend ? { suspend } : {}),
      ...(expires === undefined ? {} : { expires }),
      ...(ack ? { ack } : {}),
    };
    const record = this.history.ordered(unit, entry, this.time.now);
    this.#append(entry);
    this.time.after(answerAfter, () => {
      // One that a restore overtook was never answered.
      if (record.lostAt === Number.POSITIVE_INFINITY) record.answeredAt = this.time.now;
    });
  }

  /** How long an entry stays, as the store would have it. */
  protected lifeOf(unit: Unit, suspend: boolean): EntryLife {
    return entryLife(unit.name, suspend, this.seconds, { accessToken: tokenLife, grant: tokenLife });
  }

  /** Takes an order back; an unknown number changes nothing. */
  lift(record: OrderRecord | undefined): void {
    const lifts = record?.entry.seq ?? this.#head.seq + 7;
    if (record !== undefined) this.history.lifted(record, this.time.now);
    const expires = record?.entry.expires;
    this.#append({
      seq: this.#head.seq + 1,
      kind: "lift",
      ...(expires === undefined ? {} : { expires }),
      lifts,
    });
  }

  /**
   * The time by its clock if it were as far ahead as it ever was: verifiers go on by the greatest time they were told,
   * until the clock that was set back has come so far.
   */
  get latestSeconds(): number {
    return this.seconds + (this.#aheadMost - this.#wallOffset) / 1000;
  }

  /** Puts its clock wrong by so much. Behind the truth by more than entries are kept longer is more than is promised. */
  turnWallClock(ms: number): void {
    this.#wallOffset = ms;
    this.#aheadMost = Math.max(this.#aheadMost, ms);
    this.#hasJumped = true;
  }

  /** Removes entries that have expired; not within a day of a jump of the clock, which no run outlasts. */
  purge(): void {
    if (this.#hasJumped) return;
    const isOver = ({ entry }: StreamedEntry) =>
      entry.kind !== "epoch" && entry.expires !== undefined && entry.expires < this.seconds;
    for (const { entry } of this.#log.filter(isOver)) this.#floor = Math.max(this.#floor, entry.seq);
    this.#log = this.#log.filter((item) => !isOver(item));
    for (const seq of this.#hashes.keys()) if (seq < this.#floor) this.#hashes.delete(seq);
  }

  backUp(): void {
    this.#backup = { log: [...this.#log], head: this.#head, floor: this.#floor };
  }

  /**
   * Everything since the backup is lost. A new epoch begins, with entries that cover all that was issued before, or
   * with `keepTokens` without them, and then what was revoked since the backup is not.
   */
  restore(keepTokens: boolean): void {
    const backup = this.#backup ?? { log: [], head: origin, floor: 0 };
    this.restart();
    const epoch = epochOf(this.#head.seq) + 1 + Math.floor(this.time.now / 1000);
    this.#log = [...backup.log];
    this.#head = backup.head;
    this.#floor = backup.floor;
    for (const seq of this.#hashes.keys()) if (seq > backup.head.seq) this.#hashes.delete(seq);
    const seq = firstOfEpoch(epoch);
    this.history.restored(backup.head.seq, seq, keepTokens, this.time.now);
    this.#backup = undefined;
    if (keepTokens) this.#append({ seq, kind: "epoch" });
    else this.#coverAll(seq);
  }

  /** Our tokens, and those of other issuers, whose revocations may be among what was lost. */
  #coverAll(first: number): void {
    const units: readonly Unit[] = [
      { name: "all", issuer, value: "" },
      { name: "issuer", issuer: foreignIssuer, value: "" },
    ];
    units.forEach((unit, i) => {
      const { expires } = this.lifeOf(unit, false);
      const entry: FeedEntry = {
        seq: first + i,
        kind: "revoke",
        unit: unit.name,
        fp: fingerprint(unit),
        ...(unit.name === "all" ? {} : { before: Math.floor(this.seconds) }),
        ...(expires === undefined ? {} : { expires }),
      };
      const record = this.history.ordered(unit, entry, this.time.now);
      record.answeredAt = this.time.now;
      record.isFinal = true;
      this.#append(entry);
    });
  }

  /** Stops and starts again at once: connections end, requests under way are not answered. */
  restart(): void {
    this.#snapshot = undefined;
    this.#life += 1;
    for (const subscriber of this.#subscribers) subscriber.end();
    this.#subscribers.clear();
  }

  /** What stands now; kept for a while, so that a reader may get an older one. Undefined where there are none. */
  snapshot(): ParsedSnapshot | undefined {
    if (!this.hasSnapshots) return undefined;
    const { now } = this.time;
    if (this.#snapshot === undefined || now - this.#snapshot.at > 5000) {
      const entries = this.#log.flatMap(({ entry }) => (entry.kind === "revoke" ? [entry] : []));
      const standing = new Set(this.history.standing().map(({ entry }) => entry.seq));
      const kept = entries.filter(({ seq }) => standing.has(seq));
      this.#snapshot = { at: now, parsed: snapshotOf(this.#head, kept) };
    }
    return this.#snapshot.parsed;
  }

  page(after: number | undefined): unknown {
    const kept = this.#log.filter(({ entry }) => entry.seq > (after ?? 0));
    const page = kept.slice(0, pageSize);
    return {
      head: this.#head.seq,
      hash: page.at(-1)?.hash ?? this.#head.hash,
      entries: page.map(({ entry }) => entry),
      more: kept.length > page.length,
    };
  }

  /** What is on the log after a position, and all that comes; undefined if it is not whole from there (410). */
  subscribe(after: Position, subscriber: Subscriber): boolean {
    if (!this.isOnLog(after) || after.seq < this.#floor) return false;
    for (const item of this.#log) if (item.entry.seq > after.seq) subscriber.send(item);
    this.#subscribers.add(subscriber);
    return true;
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /**
   * Answers an acknowledgement: the time first, then the head, as one query begun after the request arrived.
   * `undefined`: `applied` is not on the log.
   */
  lease(applied: Position, answer: (lease: Lease | undefined) => void): void {
    const life = this.#life;
    const issued = this.clock();
    this.time.after(this.stall, () => {
      if (life !== this.#life) return;
      const { seq: head, hash } = this.#head;
      this.history.leased({ head, issued });
      answer(this.isOnLog(applied) ? { head, hash, issuedAt: issued.wall } : undefined);
    });
  }

  /** Its own wall clock, and the true time. */
  protected clock(): { readonly wall: number; readonly at: number } {
    return { wall: wallAtStart + this.time.now + this.#wallOffset, at: this.time.now };
  }

  /** Whether a token is active, and at which head that was judged. */
  introspect(token: SimulatedToken): { readonly active: boolean; readonly head: number } {
    const isRevoked = this.history.standing().some(({ unit, entry }) => reaches(unit, entry, token));
    return { active: !isRevoked && token.judged.expiresAt > this.seconds, head: this.#head.seq };
  }

  protected isOnLog(position: Position): boolean {
    return this.#hashes.get(position.seq) === position.hash;
  }

  #append(entry: FeedEntry): void {
    const item = { entry, hash: hashAfter(this.#head.hash, entry) };
    this.history.appended(this.#head, item);
    this.#head = { seq: entry.seq, hash: item.hash };
    this.#log.push(item);
    this.#hashes.set(entry.seq, item.hash);
    for (const subscriber of this.#subscribers) subscriber.send(item);
  }
}

/** Laid out and read again, as it goes over the wire. */
function snapshotOf(position: Position, entries: readonly RevokeEntry[]): ParsedSnapshot | undefined {
  const records = new Uint8Array(entries.length * snapshotRecordLength);
  const view = new DataView(records.buffer);
  for (const [i, entry] of entries.entries()) writeSnapshotRecord(view, i * snapshotRecordLength, entry);
  const head = snapshotHead({ issuer, position, count: entries.length });
  const end = snapshotEnd(new Uint8Array(32), "");
  return parseSnapshot(concatBytes(concatBytes(head, records), end), issuer);
}

/** The hash at an entry that follows another one. */
export function hashAfter(previous: string, entry: FeedEntry): string {
  const input = chainInput(Buffer.from(previous, "base64url"), entry);
  return createHash("sha256").update(input).digest("base64url");
}
