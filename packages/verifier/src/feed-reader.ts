// The reader of the feed as a state machine without I/O: it is fed events and the time, and returns what to do next.
// DESIGN.md section 5, CONTRACT.md section 6. It loads a snapshot of the log, or else its pages, follows it live, checks that every entry
// joins on, keeps leases coming, and says at each moment whether one may decide by what it holds. Whatever does not
// fit (a gap, a wrong hash, something unknown) ends in loading again, and until that is done nothing is fresh.

import { epochOf, FingerprintSet, type Position } from "@rescind/core";
import type { CheckedLink, Link } from "./chain.ts";
import type { Instant } from "./clock.ts";
import type { FeedPage, StreamedEntry } from "./feed-page.ts";
import { Freshness, type Lease } from "./freshness.ts";
import { LeaseRequests } from "./lease-requests.ts";
import { LogLoading, type SnapshotSlice } from "./log-loading.ts";
import type { ReaderAction, ReaderEvent } from "./reader-events.ts";

export type ReaderState = "loading" | "gap" | "stale" | "fresh";

export interface ReaderSettings {
  /** Milliseconds. */
  readonly maxStaleness: number;
  /** Milliseconds. */
  readonly leaseInterval: number;
  /** In [0, 1); spreads out the retries of many verifiers. */
  readonly random: () => number;
}

type Phase =
  | { readonly kind: "loading"; readonly run: number; readonly loading: LogLoading }
  | { readonly kind: "gap"; readonly run: number }
  | {
      readonly kind: "following";
      /** Of the stream; `leases` is that of the lease loop, which outlives a stream. */
      readonly run: number;
      readonly leases: number;
      /** Whether the first lease of the loop was asked for, at which all begin that connected together. */
      readonly hasAsked: boolean;
      /** The last position for which a link was laid. */
      readonly laid: Position;
      /** Monotonic milliseconds: when loading ended, and when the stream was opened, if it is. */
      readonly since: number;
      readonly openedAt: number | undefined;
    };

/** Milliseconds between retries: from the first, doubling, up to the most. */
const firstRetry = 100;
const mostRetry = 2000;
/** Milliseconds. A slow feed must not be cut again and again before it can bring anything. */
const leastPatience = 1000;
const mostPatience = 4000;
/** Milliseconds a stream may take to open. */
const firstOpening = 1500;
const mostOpening = 4000;
/** Entries that are not waited for one by one. */
const farBehind = 100_000;
/** Milliseconds between removals of expired entries, and the seconds they are kept beyond `expires`. */
const removalInterval = 30_000;
const removalMargin = 60;

export class FeedReader {
  readonly set = new FingerprintSet();
  readonly #freshness: Freshness;
  readonly #leases: LeaseRequests;
  readonly #settings: ReaderSettings;
  #phase: Phase = { kind: "gap", run: 0 };
  #runs = 0;
  /** In a row: of loading, and of the stream. */
  #loadFailures = 0;
  #streamFailures = 0;
  #everLoaded = false;
  /** The run for which a `catch-up-due` is on its way, and since when (monotonic milliseconds) nothing has come. */
  #watching = 0;
  #silentSince: number | undefined;
  /** Milliseconds a stream may be silent while a lease names more than it brought. */
  #patience = leastPatience;
  #removedAt = 0;

  constructor(settings: ReaderSettings) {
    this.#settings = settings;
    this.#freshness = new Freshness(settings.maxStaleness);
    this.#leases = new LeaseRequests(this.#freshness);
  }

  get position(): Position {
    return this.set.position;
  }

  /** Whether one may decide now by what the set holds. */
  state(now: Instant): ReaderState {
    if (!this.#everLoaded) return "loading";
    if (this.#phase.kind !== "following") return "gap";
    return this.freshSince(now) === undefined ? "stale" : "fresh";
  }

  /** When the lease that makes the set fresh was sent; undefined in every state but `fresh`. */
  freshSince(now: Instant): Instant | undefined {
    if (this.#phase.kind !== "following") return undefined;
    return this.#freshness.freshSince(this.set.position, now);
  }

  /** Milliseconds since the newest lease that was met was sent. */
  leaseAge(now: Instant): number | undefined {
    return this.#freshness.leaseAge(now);
  }

  /** The server's time in seconds since 1970; minus infinity before the first lease. */
  serverTime(now: Instant): number {
    return this.#freshness.serverTime(now);
  }

  /** A token was judged at this number, here or by introspection: never decide below it again. */
  decided(seq: number): void {
    this.#freshness.decided(seq);
  }

  /** The highest number anything was decided at. */
  get highestDecided(): number {
    return this.#freshness.highestDecided;
  }

  /** Takes one event and returns what to do, in order. */
  handle(event: ReaderEvent, now: Instant): ReaderAction[] {
    switch (event.kind) {
      case "start":
        return this.#load();
      case "snapshot-records":
        return this.#snapshotRecords(event.run, event.slice);
      case "snapshot-end":
        return this.#snapshotEnd(event.run, event.position, now);
      case "no-snapshot":
        return this.#isLoading(event.run) ? this.#loadPages() : [];
      case "page":
        return this.#page(event.run, event.page, now);
      case "load-failed":
        return this.#isLoading(event.run) ? this.#loadLater() : [];
      case "load-due":
        return this.#phase.kind === "gap" && this.#phase.run === event.run ? this.#load() : [];
      case "stream-opened":
        return this.#opened(event.run, now);
      case "streamed":
        return this.#streamed(event.run, event.entries);
      case "checked":
        return this.#checked(event.run, event.links, now);
      case "stream-ended":
        return this.#ended(event.run, now);
      case "off-the-log":
        return this.#isFollowing(event.run) ? this.#gap() : [];
      case "stream-due":
        return this.#openStream(event.run);
      case "catch-up-due":
        return this.#catchUp(event.run, event.from, now);
      case "lease-due":
        return this.#leaseDue(event.run, now);
      case "leased":
        return this.#leased(event.lease, event.answer, now);
      case "lease-failed":
        return this.#leaseFailed(event.lease, event.offTheLog);
      default:
        return event satisfies never;
    }
  }

  // Loading

  #load(): ReaderAction[] {
    return [{ kind: "load-snapshot", run: this.#beginLoading() }];
  }

  #loadPages(): ReaderAction[] {
    return [{ kind: "load-page", run: this.#beginLoading(), after: undefined }];
  }

  #beginLoading(): number {
    const run = ++this.#runs;
    this.#phase = { kind: "loading", run, loading: new LogLoading((expected) => this.set.loading(expected)) };
    return run;
  }

  #snapshotRecords(run: number, slice: SnapshotSlice): ReaderAction[] {
    if (this.#phase.kind !== "loading" || this.#phase.run !== run) return [];
    return this.#phase.loading.takeRecords(slice) ? [] : this.#loadPages();
  }

  #snapshotEnd(run: number, position: Position, now: Instant): ReaderAction[] {
    if (this.#phase.kind !== "loading" || this.#phase.run !== run) return [];
    return this.#phase.loading.finishSnapshot(position) ? this.#follow(now) : this.#loadPages();
  }

  #page(run: number, page: FeedPage | undefined, now: Instant): ReaderAction[] {
    if (this.#phase.kind !== "loading" || this.#phase.run !== run) return [];
    const taken = page === undefined ? undefined : this.#phase.loading.takePage(page);
    if (taken?.kind === "more") return [{ kind: "load-page", run, after: taken.after }];
    return taken?.kind === "loaded" ? this.#follow(now) : this.#loadLater();
  }

  #loadLater(): ReaderAction[] {
    const run = ++this.#runs;
    this.#phase = { kind: "gap", run };
    return [{ kind: "wake", after: this.#backoff(this.#loadFailures++), event: { kind: "load-due", run } }];
  }

  #gap(): ReaderAction[] {
    const stop: ReaderAction[] = [{ kind: "stop-stream", run: this.#phase.run }];
    this.#freshness.forget();
    return [...stop, ...this.#loadLater()];
  }

  // Following

  #follow(now: Instant): ReaderAction[] {
    const run = ++this.#runs;
    const { position } = this.set;
    this.#everLoaded = true;
    this.#freshness.restart(position);
    this.#leases.restart();
    this.#phase = {
      kind: "following",
      run,
      leases: run,
      hasAsked: false,
      laid: position,
      since: now.mono,
      openedAt: undefined,
    };
    return [this.#opening(run), { kind: "wake", after: 0, event: { kind: "lease-due", run } }];
  }

  #opened(run: number, now: Instant): ReaderAction[] {
    if (this.#phase.kind === "following" && this.#phase.run === run)
      this.#phase = { ...this.#phase, openedAt: now.mono };
    return [];
  }

  #streamed(run: number, entries: readonly (StreamedEntry | undefined)[]): ReaderAction[] {
    if (this.#phase.kind !== "following" || this.#phase.run !== run) return [];
    let { laid } = this.#phase;
    const links: Link[] = [];
    for (const item of entries) {
      if (item === undefined) return this.#gap();
      const { entry, hash } = item;
      if (entry.seq === laid.seq && hash !== laid.hash) return this.#gap();
      if (entry.seq <= laid.seq) continue;
      links.push({ previous: laid.hash, entry, hash });
      laid = { seq: entry.seq, hash };
    }
    this.#phase = { ...this.#phase, laid };
    return links.length > 0 ? [{ kind: "check-links", run, links }] : [];
  }

  #checked(run: number, links: readonly CheckedLink[], now: Instant): ReaderAction[] {
    if (!this.#isFollowing(run)) return [];
    for (const link of links) {
      if (!link.genuine || link.previous !== this.set.position.hash) return this.#gap();
      if (this.set.apply(link.entry, link.hash) !== "applied") return this.#gap();
      if (!this.#freshness.advanced(this.set.position)) return this.#gap();
      if (link.entry.ack === true) this.#leases.want(link.entry.seq);
    }
    this.#heard(now);
    return this.#leases.askIfWanted(this.set.position, now);
  }

  #ended(run: number, now: Instant): ReaderAction[] {
    if (this.#phase.kind !== "following" || this.#phase.run !== run) return [];
    const { openedAt } = this.#phase;
    if (openedAt !== undefined && now.mono - openedAt > mostRetry) this.#streamFailures = 0;
    const next = ++this.#runs;
    this.#phase = { ...this.#phase, run: next, laid: this.set.position, openedAt: undefined };
    const after = this.#backoff(this.#streamFailures++);
    return [{ kind: "wake", after, event: { kind: "stream-due", run: next } }];
  }

  #openStream(run: number): ReaderAction[] {
    return this.#isFollowing(run) ? [this.#opening(run)] : [];
  }

  /**
   * A request that is lost without a word must not cost the time in which a lease can be met: the first two give up
   * early, later ones give a slow server longer.
   */
  #opening(run: number): ReaderAction {
    const first = Math.min(firstOpening, 0.3 * this.#settings.maxStaleness);
    const timeout = Math.min(mostOpening, first * 2 ** Math.max(0, this.#streamFailures - 2));
    return { kind: "open-stream", run, after: this.set.position, timeout };
  }

  /** The head that a lease named has not come for a while: if nothing came at all, the stream is dead. */
  #catchUp(run: number, from: number, now: Instant): ReaderAction[] {
    if (this.#phase.kind !== "following" || this.#phase.run !== run) return [];
    this.#watching = 0;
    if (!this.#freshness.isAwaiting) {
      this.#silentSince = undefined;
      return [];
    }
    const isConnecting = this.#phase.openedAt === undefined;
    if (isConnecting || this.set.position.seq > from) return this.#watch(run, now);
    this.#patience = Math.min(mostPatience, this.#patience * 2);
    const next = ++this.#runs;
    this.#phase = { ...this.#phase, run: next, laid: this.set.position, openedAt: undefined };
    return [{ kind: "stop-stream", run }, this.#opening(next)];
  }

  #watch(run: number, now: Instant): ReaderAction[] {
    this.#silentSince ??= now.mono;
    if (this.#watching === run) return [];
    this.#watching = run;
    return [
      {
        kind: "wake",
        after: this.#patience,
        event: { kind: "catch-up-due", run, from: this.set.position.seq },
      },
    ];
  }

  /** Entries came: twice as long as they took is how long to be patient the next time. */
  #heard(now: Instant): void {
    if (this.#silentSince === undefined || this.#phase.kind !== "following") return;
    const took = now.mono - Math.max(this.#silentSince, this.#phase.openedAt ?? 0);
    this.#patience = Math.min(mostPatience, Math.max(leastPatience, 2 * took));
    // What is still awaited counts from here on: a feed that brings its entries in clumps is slow, not dead.
    this.#silentSince = this.#freshness.isAwaiting ? now.mono : undefined;
  }

  // Leases

  #leaseDue(run: number, now: Instant): ReaderAction[] {
    if (this.#phase.kind !== "following" || this.#phase.leases !== run) return [];
    const after = this.#nextLease(this.#phase.hasAsked);
    this.#phase = { ...this.#phase, hasAsked: true };
    const wake: ReaderAction = { kind: "wake", after, event: { kind: "lease-due", run } };
    return [...this.#leases.askRegularly(this.set.position, now), wake];
  }

  /**
   * Milliseconds to the next lease, never more than the interval. Whole fleets begin at once, as after a restart of the
   * server: the second lease of each comes at any time within the interval, and they drift on from there.
   */
  #nextLease(hasAsked: boolean): number {
    const { leaseInterval, random } = this.#settings;
    const share = hasAsked ? 0.9 + random() / 10 : 0.1 + 0.9 * random();
    return leaseInterval * share;
  }

  #leased(id: number, lease: Lease, now: Instant): ReaderAction[] {
    if (this.#phase.kind !== "following") return [];
    const outcome = this.#freshness.answered(id, lease, this.set.position, now);
    if (outcome === "unknown") return [];
    if (outcome === "fork" || (outcome === "waiting" && this.#isFarBehind(lease.head))) return this.#gap();
    if (outcome === "met" && now.mono - this.#phase.since > mostRetry) this.#loadFailures = 0;
    this.#removeExpired(now);
    const watch = outcome === "waiting" ? this.#watch(this.#phase.run, now) : [];
    return [...watch, ...this.#leases.answered(id, this.set.position, now)];
  }

  #leaseFailed(id: number, offTheLog: boolean): ReaderAction[] {
    const known = this.#freshness.failed(id);
    if (!known || this.#phase.kind !== "following") return [];
    if (offTheLog) return this.#gap();
    this.#leases.failed(id);
    return [];
  }

  #removeExpired(now: Instant): void {
    if (now.mono - this.#removedAt < removalInterval) return;
    // Some at a time: what is left goes with the next lease.
    const isMore = this.set.expire(this.serverTime(now) - removalMargin);
    if (!isMore) this.#removedAt = now.mono;
  }

  #isLoading(run: number): boolean {
    return this.#phase.kind === "loading" && this.#phase.run === run;
  }

  /** The stream would take longer than what is fresh lasts; a snapshot does not. */
  #isFarBehind(head: number): boolean {
    const { seq } = this.set.position;
    return epochOf(head) === epochOf(seq) && head - seq > farBehind;
  }

  #isFollowing(run: number): boolean {
    return this.#phase.kind === "following" && this.#phase.run === run;
  }

  /** Milliseconds to wait: doubling with each failure in a row, the upper half of it by chance. */
  #backoff(failures: number): number {
    const most = Math.min(mostRetry, firstRetry * 2 ** Math.min(failures, 10));
    return most * (0.5 + this.#settings.random() / 2);
  }
}
