// What happened in a simulated run, and the judgement on it: the invariants of FAULTS.md, each said as plainly as possible
// and by the names of units, never by fingerprints. Times are virtual milliseconds.

import type { FeedEntry, LiftEntry, Position, RevokeEntry, Unit } from "@rescind/core";
import { origin, unitKey } from "@rescind/core";
import type { StreamedEntry } from "../../src/feed-page.ts";
import { reaches, type SimulatedToken } from "./tokens.ts";

export interface OrderRecord {
  readonly unit: Unit;
  readonly entry: RevokeEntry;
  readonly orderedAt: number;
  /** When its answer was given; never for one that a restore overtook. */
  answeredAt: number;
  liftedAt: number;
  /** A restore that keeps tokens lost it: from then on it holds no more, as was stated. */
  excusedAt: number;
  /**
   * The number from which a restore took it off the log: it is replaced for what was issued before, and an end to what
   * is issued from then on it is no more.
   */
  lostAt: number;
  /** That of the first restore: what is issued after it was never covered, whatever later restores lose. */
  firstLostAt: number;
  /** When it was taken off the log last; a verifier may not know yet. */
  lostSince: number;
  isFinal: boolean;
}

export class Violation extends Error {
  override readonly name = "Violation";
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

const never = Number.POSITIVE_INFINITY;

export class History {
  readonly orders: OrderRecord[] = [];
  /** What stands at each position of each log there ever was, by its hash. */
  readonly #standingAt = new Map<string, ReadonlyMap<number, OrderRecord>>([[origin.hash, new Map()]]);
  #head: Position = origin;
  #kept = new Map<number, { readonly lift: LiftEntry; readonly record: OrderRecord }>();
  /** By verifier and token: when it was refused, and by which entry. */
  readonly #refused = new Map<string, Map<SimulatedToken, { readonly at: number; readonly seq: number }[]>>();
  accepted = 0;
  refused = 0;
  undecided = 0;

  // What the server did

  ordered(unit: Unit, entry: FeedEntry, at: number): OrderRecord {
    if (entry.kind !== "revoke") throw new TypeError("only a revocation is an order");
    const record: OrderRecord = {
      unit,
      entry,
      orderedAt: at,
      answeredAt: never,
      liftedAt: never,
      excusedAt: never,
      firstLostAt: never,
      lostAt: never,
      lostSince: never,
      isFinal: false,
    };
    this.orders.push(record);
    return record;
  }

  lifted(record: OrderRecord, at: number): void {
    for (const other of this.orders)
      if (other.entry === record.entry && other.liftedAt === never) other.liftedAt = at;
  }

  /** An entry was appended after a position. */
  appended(after: Position, { entry, hash }: StreamedEntry): void {
    const standing = new Map(this.#standingAt.get(after.hash));
    if (entry.kind === "lift") {
      const record = standing.get(entry.lifts);
      if (record !== undefined) this.#kept.set(entry.seq, { lift: entry, record });
      standing.delete(entry.lifts);
    }
    const made = entry.kind === "revoke" ? this.orders.findLast((order) => order.entry === entry) : undefined;
    if (made !== undefined) standing.set(entry.seq, made);
    this.#standingAt.set(hash, standing);
    this.#head = { seq: entry.seq, hash };
  }

  /** What came after `seq` is lost. A lost lift means that what it took back stands again. */
  restored(seq: number, epoch: number, keepTokens: boolean, at: number): void {
    for (const order of this.orders) {
      const wasReplaced = order.lostAt !== never;
      // What an earlier restore put in the place of it may be lost now.
      if ((wasReplaced ? order.lostAt : order.entry.seq) <= seq) continue;
      if (!wasReplaced) order.firstLostAt = epoch;
      order.lostAt = epoch;
      order.lostSince = at;
      if (keepTokens) order.excusedAt = at;
    }
    for (const [number, { record }] of this.#kept) {
      if (number <= seq) continue;
      this.#kept.delete(number);
      if (record.entry.seq <= seq)
        this.orders.push({ ...record, orderedAt: at, answeredAt: at, liftedAt: never });
    }
  }

  /** Whether something like this is issued no more since some time: its grant or signing key was ended for good. */
  isEnded(token: SimulatedToken, since: number): boolean {
    return this.orders.some(
      ({ unit, orderedAt, liftedAt }) =>
        (unit.name === "grant" || unit.name === "signing-key") &&
        orderedAt < since &&
        liftedAt === never &&
        token.keys.has(unitKey(unit)),
    );
  }

  /** What stands on the log now. */
  standing(): readonly OrderRecord[] {
    return [...(this.#standingAt.get(this.#head.hash)?.values() ?? [])];
  }

  /** D2: a lease whose time was taken at `at` names a head that has everything that was answered before. */
  leased({ head, issued }: { readonly head: number; readonly issued: { readonly at: number } }): void {
    const missed = this.orders.find(
      ({ lostAt, answeredAt, entry }) => lostAt === never && answeredAt < issued.at && entry.seq > head,
    );
    if (missed !== undefined)
      throw new Violation("D2", `a lease of ${issued.at} ms names ${head}, without ${missed.entry.seq}`);
  }

  // What a verifier did

  accept(verifier: string, token: SimulatedToken, { asked, at, bound }: Check): void {
    this.accepted += 1;
    const missed = this.orders.find(
      (order) => order.answeredAt < asked - bound && this.#holds(order, at) && covered(order, token),
    );
    if (missed !== undefined)
      throw new Violation(
        "A2",
        `${verifier} accepted ${token.judged.tokenId} (rev ${token.judged.rev}) at ${asked} ms, ${asked - missed.answeredAt} ms after ${missed.entry.seq} (${missed.unit.name}) was answered`,
      );
    const before = this.#refused.get(verifier)?.get(token) ?? [];
    for (const refusal of before) {
      const by = this.orders.filter((order) => order.entry.seq === refusal.seq);
      if (refusal.at < asked && by.every((order) => this.#holds(order, at) && covered(order, token)))
        throw new Violation(
          "A5",
          `${verifier} accepted ${token.judged.tokenId} at ${asked} ms, refused at ${refusal.at} ms by ${refusal.seq}`,
        );
    }
  }

  refuse(verifier: string, token: SimulatedToken, seq: number, { asked, at, bound }: Check): void {
    this.refused += 1;
    const reason = this.orders.find(
      (order) =>
        order.orderedAt <= at &&
        Math.min(order.liftedAt, order.excusedAt) >= asked - bound &&
        (covered(order, token) ||
          (order.lostSince >= asked - bound && reaches(order.unit, order.entry, token))),
    );
    if (reason === undefined)
      throw new Violation(
        "A6",
        `${verifier} refused ${token.judged.tokenId} by ${seq}, and nothing covers it`,
      );
    const tokens = this.#refused.get(verifier) ?? new Map<SimulatedToken, { at: number; seq: number }[]>();
    this.#refused.set(verifier, tokens);
    const entries = tokens.get(token) ?? [];
    tokens.set(token, entries);
    if (!entries.some((entry) => entry.seq === seq)) entries.push({ at, seq });
  }

  /** A2: one who decides now knows everything that was answered longer ago than the bound. */
  decides(verifier: string, position: Position, { asked, bound }: Omit<Check, "at">): void {
    const missed = this.orders.find(
      ({ lostAt, answeredAt, entry }) =>
        lostAt === never && answeredAt < asked - bound && entry.seq > position.seq,
    );
    if (missed !== undefined)
      throw new Violation(
        "A2",
        `${verifier} decides at ${position.seq} without ${missed.entry.seq}, answered ${asked - missed.answeredAt} ms ago`,
      );
  }

  /**
   * D1: at a position stand exactly the entries of that position.
   * @param removedBefore seconds: what expired earlier may be gone
   */
  holdsExactly(
    verifier: string,
    position: Position,
    held: readonly RevokeEntry[],
    removedBefore: number,
  ): void {
    const standing = this.#standingAt.get(position.hash);
    if (standing === undefined)
      throw new Violation("D1", `${verifier} is at ${position.seq}, which was on no log with this hash`);
    const found = new Set<number>();
    for (const entry of held) {
      const right = standing.get(entry.seq)?.entry;
      if (right === undefined || !isSame(entry, right))
        throw new Violation("D1", `${verifier} holds ${JSON.stringify(entry)} at ${position.seq}`);
      if (found.has(entry.seq)) throw new Violation("D1", `${verifier} holds ${entry.seq} twice`);
      found.add(entry.seq);
    }
    for (const { entry } of standing.values()) {
      const mayBeGone = entry.expires !== undefined && entry.expires < removedBefore;
      if (!found.has(entry.seq) && !mayBeGone)
        throw new Violation("D1", `${verifier} is at ${position.seq} without ${entry.seq}`);
    }
  }

  /** Whether the order holds at this time: not taken back, not lost as was stated. */
  #holds(order: OrderRecord, at: number): boolean {
    return order.liftedAt > at && order.excusedAt > at;
  }
}

interface Check {
  /** When it began and when it was decided. */
  readonly asked: number;
  readonly at: number;
  /** Milliseconds of staleness that the verifier is allowed. */
  readonly bound: number;
}

function covered({ unit, entry, firstLostAt }: OrderRecord, token: SimulatedToken): boolean {
  // A token that was made when the entry had expired is not what was revoked; without `iat` the rule alone cannot tell.
  const isLater = entry.expires !== undefined && token.issuedAt > entry.expires;
  return !isLater && reaches(unit, entry, token) && (token.judged.rev ?? 0) < firstLostAt;
}

function isSame(a: RevokeEntry, b: RevokeEntry): boolean {
  return (
    a.unit === b.unit &&
    a.fp === b.fp &&
    a.before === b.before &&
    a.expires === b.expires &&
    (a.suspend === true) === (b.suspend === true)
  );
}
