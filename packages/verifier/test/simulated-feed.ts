// A feed reader, a server and the network between them in virtual time, from one seed: the network delays, drops,
// duplicates and cuts, the server is away or restored from a backup, the reader is paused, its wall clock jumps.
// Says after every step what must never happen. Deterministic: the same seed gives the same run.

import { createHash } from "node:crypto";
import { chainInput, type FeedEntry, origin, type Position } from "@rescind/core";
import type { CheckedLink, Link } from "../src/chain.ts";
import type { Instant } from "../src/clock.ts";
import { parseFeedPage, type StreamedEntry } from "../src/feed-page.ts";
import { FeedReader } from "../src/feed-reader.ts";
import type { ReaderAction, ReaderEvent } from "../src/reader-events.ts";

interface Logged extends StreamedEntry {
  /** Virtual milliseconds at which the server answered the order. */
  readonly at: number;
}

export const maxStaleness = 5000;
const wallAtStart = 1_800_000_000_000;

export class SimulatedFeed {
  readonly reader: FeedReader;
  readonly #random: () => number;
  readonly #due: { at: number; order: number; run: () => void }[] = [];
  #order = 0;
  #now = 0;
  #log: Logged[] = [];
  /** What stands at each position of each log there ever was, by hash. */
  readonly #standing = new Map<string, readonly number[]>([[origin.hash, []]]);
  #epoch = 0;
  #stream: { readonly run: number; cut: boolean } | undefined;
  #subscriber: ((logged: Logged) => void) | undefined;
  #wallOffset = 0;
  /** Chance of each message to go wrong. */
  trouble = 0;
  serverAway = false;
  /** The stream cannot be opened; everything else works. */
  streamAway = false;
  /** Milliseconds every entry is late. */
  lag = 0;
  #pausedUntil = 0;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
    this.reader = new FeedReader({ maxStaleness, leaseInterval: 1000, random: this.#random });
  }

  get now(): number {
    return this.#now;
  }

  get head(): Position {
    const last = this.#log.at(-1);
    return last === undefined ? origin : { seq: last.entry.seq, hash: last.hash };
  }

  get instant(): Instant {
    return { mono: this.#now, wall: wallAtStart + this.#now + this.#wallOffset };
  }

  start(): void {
    this.#feed({ kind: "start" });
  }

  revoke(): void {
    const seq = this.head.seq + 1;
    const fp = createHash("sha256")
      .update(String(this.#pick(20)))
      .digest("base64url")
      .slice(0, 21);
    this.#append({
      seq,
      kind: "revoke",
      unit: "token",
      fp: `${fp}A`,
      ...(this.#chance(0.2) ? { ack: true } : {}),
    });
  }

  /** Takes back one of the last entries; now and then one that is not there. */
  lift(): void {
    const seq = this.head.seq + 1;
    this.#append({ seq, kind: "lift", lifts: Math.max(0, seq - 1 - this.#pick(10)) });
  }

  /** The end of the log is lost; an epoch begins, whose first entry covers everything. */
  restore(): void {
    this.#log.splice(Math.max(0, this.#log.length - this.#pick(6)));
    this.#epoch += 1 + this.#pick(3);
    this.#cut();
    this.#append({ seq: this.#epoch * 2 ** 20 + 1, kind: "revoke", unit: "all", fp: "A".repeat(22) });
  }

  cut(): void {
    this.#cut();
  }

  /** The connection stays, but nothing comes over it any more. */
  halfOpen(): void {
    this.#subscriber = undefined;
  }

  /** The reader's process stands still; its timers and messages are late. */
  pause(ms: number): void {
    this.#pausedUntil = this.#now + ms;
  }

  /** Milliseconds until the reader's process goes on. */
  get pausedFor(): number {
    return Math.max(0, this.#pausedUntil - this.#now);
  }

  turnWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Lets virtual time pass, checking after every event and every tenth of a second. */
  run(ms: number): void {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#due.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#due[0];
      const tick = Math.min(end, this.#now + 100);
      if (next === undefined || next.at > tick) this.#now = tick;
      else {
        this.#due.shift();
        this.#now = Math.max(this.#now, next.at);
        next.run();
      }
      this.check();
    }
  }

  /** The invariants: A2 nothing is decided by what is older than the bound, D1 the set is that of its position. */
  check(): void {
    const { reader } = this;
    if (reader.freshSince(this.instant) === undefined) return;
    const { position } = reader;
    const missed = this.#log.find(
      ({ entry, at }) => entry.seq > position.seq && at < this.#now - maxStaleness,
    );
    if (missed !== undefined)
      throw new Error(
        `A2: fresh at ${position.seq} without ${missed.entry.seq}, known for ${this.#now - missed.at} ms`,
      );
    const held = reader.set.entries().map((entry) => entry.seq);
    const expected = this.#standing.get(position.hash);
    if (expected === undefined || held.join() !== expected.join())
      throw new Error(`D1: at ${position.seq} the set holds [${held}], the log [${expected}]`);
    reader.decided(position.seq);
  }

  #append(entry: FeedEntry): void {
    const { hash: previous } = this.head;
    const hash = hashAt(previous, entry);
    const standing = (this.#standing.get(previous) ?? []).filter(
      (seq) => entry.kind !== "lift" || seq !== entry.lifts,
    );
    this.#standing.set(hash, entry.kind === "revoke" ? [...standing, entry.seq] : standing);
    const logged = { entry, hash, at: this.#now };
    this.#log.push(logged);
    this.#subscriber?.(logged);
  }

  #feed(event: ReaderEvent): void {
    for (const action of this.reader.handle(event, this.instant)) this.#run(action);
  }

  #run(action: ReaderAction): void {
    switch (action.kind) {
      case "wake":
        this.#later(action.after, () => this.#feed(action.event));
        break;
      case "check-links":
        this.#later(1, () => this.#feed({ ...action, kind: "checked", links: action.links.map(checked) }));
        break;
      case "load-page":
        this.#request(
          () => this.#page(action.after),
          (page) => this.#feed({ kind: "page", run: action.run, page: parseFeedPage(page) }),
          () => this.#feed({ kind: "load-failed", run: action.run }),
        );
        break;
      case "ask-lease":
        this.#askLease(action.lease, action.applied);
        break;
      case "open-stream":
        this.#openStream(action.run, action.after);
        break;
      case "stop-stream":
        if (this.#stream?.run === action.run) this.#cut();
        break;
    }
  }

  #page(after = 0): unknown {
    const kept = this.#log.filter(({ entry }) => entry.seq > after);
    const page = kept.slice(0, 5);
    const hash = page.at(-1)?.hash ?? this.head.hash;
    const entries = page.map(({ entry }) => entry);
    return { head: this.head.seq, hash, entries, more: kept.length > page.length };
  }

  #askLease(lease: number, applied: Position): void {
    this.#request(
      () => {
        const issuedAt = wallAtStart + this.#now;
        return this.#isOnLog(applied) ? { head: this.head.seq, hash: this.head.hash, issuedAt } : undefined;
      },
      (answer) =>
        answer === undefined
          ? this.#feed({ kind: "lease-failed", lease, offTheLog: true })
          : this.#feed({ kind: "leased", lease, answer }),
      () => this.#feed({ kind: "lease-failed", lease, offTheLog: false }),
    );
  }

  #openStream(run: number, after: Position): void {
    this.#cut();
    const stream = { run, cut: false };
    this.#stream = stream;
    this.#request(
      () => (this.streamAway ? undefined : this.#isOnLog(after)),
      (isOnLog) => {
        if (stream.cut) return;
        if (isOnLog === undefined) {
          this.#feed({ kind: "stream-ended", run });
          return;
        }
        if (!isOnLog) {
          this.#feed({ kind: "off-the-log", run });
          return;
        }
        this.#feed({ kind: "stream-opened", run });
        let arrival = this.#now;
        const send = (logged: Logged) => {
          // In order and late, as TCP has it; what a broken proxy does beyond that is `trouble`.
          for (const item of this.#spoil(logged)) {
            arrival = Math.max(arrival, this.#now + this.lag) + this.#pick(this.trouble > 0 ? 300 : 20);
            this.#at(arrival, () => {
              if (!stream.cut) this.#feed({ kind: "streamed", run, entries: [item] });
            });
          }
        };
        for (const logged of this.#log) if (logged.entry.seq > after.seq) send(logged);
        this.#subscriber = send;
      },
      () => this.#feed({ kind: "stream-ended", run }),
    );
  }

  #spoil(logged: Logged): (StreamedEntry | undefined)[] {
    if (!this.#chance(this.trouble)) return [logged];
    const other = this.#log[this.#pick(this.#log.length)] ?? logged;
    const kinds = [[], [logged, logged], [other, logged], [undefined], [{ ...logged, hash: other.hash }]];
    return kinds[this.#pick(kinds.length)] ?? [];
  }

  #cut(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#subscriber = undefined;
    if (stream === undefined) return;
    stream.cut = true;
    this.#later(10, () => this.#feed({ kind: "stream-ended", run: stream.run }));
  }

  /** A request goes out, is answered by the server at one moment, and the answer comes back; or it fails. */
  #request<T>(answer: () => T, receive: (answer: T) => void, fail: () => void): void {
    const delay = () => 1 + this.#pick(this.trouble > 0 ? 2500 : 30);
    this.#later(delay(), () => {
      const isLost = this.serverAway || this.#chance(this.trouble);
      const result = isLost ? undefined : { answer: answer() };
      if (result === undefined || this.#chance(this.trouble)) this.#later(2000, fail);
      else this.#later(delay(), () => receive(result.answer));
    });
  }

  #isOnLog(position: Position): boolean {
    if (position.seq === 0) return position.hash === origin.hash;
    return this.#log.some(({ entry, hash }) => entry.seq === position.seq && hash === position.hash);
  }

  #later(ms: number, run: () => void): void {
    this.#at(this.#now + ms, run);
  }

  #at(at: number, run: () => void): void {
    const order = this.#order++;
    const late = () => {
      if (this.#now < this.#pausedUntil) this.#due.push({ at: this.#pausedUntil, order, run: late });
      else run();
    };
    this.#due.push({ at, order, run: late });
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

function hashAt(previous: string, entry: FeedEntry): string {
  const input = chainInput(Buffer.from(previous, "base64url"), entry);
  return createHash("sha256").update(input).digest("base64url");
}

function checked(link: Link): CheckedLink {
  return { ...link, genuine: hashAt(link.previous, link.entry) === link.hash };
}

/** A public-domain generator of 32 bits. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
