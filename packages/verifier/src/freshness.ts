// Whether what this verifier knows is recent enough to decide by, and what time it is at the server.
// DESIGN.md section 5. No I/O, no clock of its own; nothing here is ever persisted.

import type { Position } from "@rescind/core";
import { drift, type Instant } from "./clock.ts";

/** What the server signed: at `issuedAt` (milliseconds since 1970) or later its log ended at {head, hash}. */
export interface Lease {
  readonly head: number;
  readonly hash: string;
  readonly issuedAt: number;
}

/** `fork`: the lease does not lie on this verifier's chain, so one of the two is not the log. */
export type LeaseOutcome = "met" | "waiting" | "fork" | "unknown";

/** A wall clock that moved this many milliseconds against the monotonic one makes a lease worthless. */
const mostDrift = 1000;

interface Asked {
  readonly sent: Instant;
  readonly applied: number;
}

interface Waiting extends Lease {
  readonly sent: Instant;
}

/** The leases of one process, asked, waiting and met. `maxStaleness` is in milliseconds. */
export class Freshness {
  readonly #maxStaleness: number;
  readonly #asked = new Map<number, Asked>();
  #waiting: Waiting[] = [];
  /** When the newest lease that was met was sent. */
  #met: Instant | undefined;
  /** Hashes of the positions since the oldest unanswered request: what an answer can name. */
  readonly #trail = new Map<number, string>();
  #highestDecided = 0;
  #issuedAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds from the monotonic clock to the server's. */
  #offset = Number.NEGATIVE_INFINITY;

  constructor(maxStaleness: number) {
    this.#maxStaleness = maxStaleness;
  }

  /** Unanswered requests. */
  get asking(): number {
    return this.#asked.size;
  }

  /** The position was replaced as a whole: no lease from before says anything about this chain. */
  restart(position: Position): void {
    this.forget();
    this.#trail.set(position.seq, position.hash);
  }

  /** Drops every lease, so that nothing is fresh until a new one is met. What was decided stays known. */
  forget(): void {
    this.#asked.clear();
    this.#waiting = [];
    this.#met = undefined;
    this.#trail.clear();
  }

  asked(id: number, sent: Instant, applied: Position): void {
    this.#asked.set(id, { sent, applied: applied.seq });
  }

  /** No answer will come. False if none was awaited. */
  failed(id: number): boolean {
    const known = this.#asked.delete(id);
    if (known) this.#trim();
    return known;
  }

  /** A verified answer. Counts from when its request was sent, however late it arrives. */
  answered(id: number, lease: Lease, position: Position, now: Instant): LeaseOutcome {
    const asked = this.#asked.get(id);
    if (asked === undefined) return "unknown";
    this.#setTime(lease.issuedAt, asked.sent.mono, now.mono);
    this.#waiting = this.#waiting.filter(({ sent }) => now.mono - sent.mono <= this.#maxStaleness);
    const outcome = this.#place({ ...lease, sent: asked.sent }, position);
    this.failed(id);
    return outcome;
  }

  /** The position moved on by one entry. False: a waiting lease does not lie on this chain. */
  advanced(position: Position): boolean {
    this.#trail.set(position.seq, position.hash);
    const waiting = this.#waiting;
    if (waiting.length > 0) this.#waiting = [];
    const onChain = waiting.every((lease) => this.#place(lease, position) !== "fork");
    if (this.#asked.size === 0) this.#trim();
    return onChain;
  }

  /** A lease names a head that has not come yet. */
  get isAwaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Something was decided at this number: nothing may be decided below it again. */
  decided(seq: number): void {
    if (seq > this.#highestDecided) this.#highestDecided = seq;
  }

  /** The highest number anything was decided at. */
  get highestDecided(): number {
    return this.#highestDecided;
  }

  /** When the lease that makes `position` fresh was sent; undefined if it is stale. */
  freshSince(position: Position, now: Instant): Instant | undefined {
    const met = this.#met;
    if (met === undefined || now.mono - met.mono > this.#maxStaleness) return undefined;
    if (drift(met, now) > mostDrift || position.seq < this.#highestDecided) return undefined;
    return met;
  }

  /** Milliseconds since the newest lease that was met was sent. */
  leaseAge(now: Instant): number | undefined {
    return this.#met === undefined ? undefined : now.mono - this.#met.mono;
  }

  /**
   * The server's time in seconds since 1970: the greatest `issued_at` seen, moved on by the monotonic clock. This
   * machine's wall clock has no part in it.
   */
  serverTime(now: Instant): number {
    return (this.#offset + now.mono) / 1000;
  }

  /**
   * `issued_at` was taken between sending and receiving, which bounds the offset from both sides. The one in use
   * moves no further than it must: a slow answer does not turn time back, a wrong rate does not add up. An
   * `issued_at` below the greatest (the server's clock was set back) changes nothing.
   */
  #setTime(issuedAt: number, sent: number, received: number): void {
    if (issuedAt <= this.#issuedAt) return;
    this.#issuedAt = issuedAt;
    this.#offset = Math.min(Math.max(this.#offset, issuedAt - received), issuedAt - sent);
  }

  #place(lease: Waiting, position: Position): "met" | "waiting" | "fork" {
    if (lease.head > position.seq) {
      this.#waiting.push(lease);
      return "waiting";
    }
    if (this.#trail.get(lease.head) !== lease.hash) return "fork";
    if (this.#met === undefined || lease.sent.mono > this.#met.mono) this.#met = lease.sent;
    return "met";
  }

  /** Forgets positions that no answer to come can name, but never the current one. */
  #trim(): void {
    const applied = [...this.#asked.values()].map((asked) => asked.applied);
    const oldest = applied.length > 0 ? Math.min(...applied) : Number.POSITIVE_INFINITY;
    for (const seq of this.#trail.keys()) {
      if (seq >= oldest || this.#trail.size === 1) return;
      this.#trail.delete(seq);
    }
  }
}
