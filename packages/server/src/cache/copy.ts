// The nearline copy: what stands on the log, in the cache, for readers in any language. Every node of the server keeps
// it whole and says so by the lease; nobody trusts it longer than a lease lives. Losing it costs latency and nothing
// else. The protocol, with a reason for each way in which it might lie: docs/reference/cache.md.

import { setTimeout as pause } from "node:timers/promises";
import { type FrozenEntries, fingerprintText } from "@rescind/core";
import type { LoggedEntry, Store } from "@rescind/store";
import type { Logger } from "pino";
import { PendingFingerprints } from "./pending.ts";
import { leaseMs, renewMs } from "./scripts.ts";
import { WaitingAnswers, waitMs } from "./waiting.ts";
import { CopyLost, CopyWithheld, CopyWriter, type WriterParts } from "./writer.ts";

/** Milliseconds before what was lost is written anew: somebody may be flushing the cache over and over. */
const lostMs = 20;
/** Fingerprints written in one step: a millisecond or two of the cache's time. */
const chunk = 500;
/** Fingerprints that are remembered while the cache is away; beyond, everything is written anew. */
const mostPending = 50_000;
/** Milliseconds by which this node's clock and the cache's may move apart before everything is written anew. */
const clockDrift = 60_000;

/** "held": the lease is being renewed. "down": it is not, since the cache or the log did not answer. "foreign": the keys belong to another log. "evicting": the cache throws keys away. */
export type CopyState = "down" | "rebuilding" | "held" | "foreign" | "evicting";

export interface CopyParts extends WriterParts {
  readonly store: Pick<Store, "head" | "readFeed">;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

export class NearlineCopy {
  readonly #parts: CopyParts;
  readonly #pace: { readonly leaseMs: number; readonly renewMs: number };
  readonly #writer: CopyWriter;
  readonly #pending = new PendingFingerprints();
  readonly #waiting = new WaitingAnswers();
  /** The log up to here is in the cache or pending. */
  #noted: number;
  /** What this node learned of the log, up to here, is in the cache. */
  #written = 0;
  #isWhole = false;
  /** It was leased since it was last written anew: then the lease has to be there still. */
  #isLeased = false;
  /** The last thing tried with the cache failed: nothing is tried before the next renewal. */
  #hasFailed = false;
  /** An answer waited in vain: no other waits until the cache has answered again. */
  #isSlow = false;
  #state: CopyState = "down";
  #failure = "";
  #clockOffset = 0;
  #evicted = "";
  #leasedAt = Number.NaN;
  #rebuildMs = Number.NaN;
  #renewAt = 0;
  #rouse: (() => void) | undefined;
  #isClosed = false;
  readonly #unsubscribe: () => void;
  readonly #running: Promise<void>;

  /** Begins at once. */
  constructor(parts: CopyParts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? { leaseMs, renewMs };
    this.#writer = new CopyWriter(parts);
    this.#noted = parts.standing.seq;
    this.#unsubscribe = parts.standing.subscribe((entries) => this.#note(entries));
    parts.client.listen(parts.keys.channel, (seq) => {
      if (Number(seq) > parts.standing.seq) parts.standing.wake();
    });
    this.#running = this.#run();
  }

  get state(): CopyState {
    return this.#state;
  }

  /** Seconds since this node's last lease began and that the last rebuild took (NaN: none yet), and counts. */
  get figures(): Readonly<Record<"leaseAge" | "rebuild" | "pending" | "lateAnswers", number>> {
    return {
      leaseAge: (performance.now() - this.#leasedAt) / 1000,
      rebuild: this.#rebuildMs / 1000,
      pending: this.#pending.size,
      lateAnswers: this.#waiting.late,
    };
  }

  /** The connection came up or went away. */
  connectionChanged(): void {
    if (!this.#parts.client.isUp) this.#enter("down");
    this.#rouse?.();
  }

  /**
   * Resolves when what this node learned of the log up to `seq` is in the cache, or when it will not be soon: an answer
   * waits for 500 ms at most, and not at all for a cache that is away or slow, where the lease bounds what readers
   * believe. The caller sees to it that this node's memory reaches `seq`.
   */
  async holds(seq: number): Promise<void> {
    if (this.#written >= seq) return;
    if (!this.#mayWrite || this.#isSlow || this.#writer.waitedMs > waitMs) {
      this.#waiting.passed();
      return;
    }
    this.#rouse?.();
    if ((await this.#waiting.for(seq)) === "late") this.#isSlow = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#rouse?.();
    this.#parts.client.close();
    await this.#running;
    this.#waiting.giveUp();
  }

  get #mayWrite(): boolean {
    const isWriting = this.#state === "held" || this.#state === "rebuilding";
    return isWriting && this.#parts.client.isUp && !this.#hasFailed;
  }

  #note(entries: readonly LoggedEntry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    // A node that loaded the log anew was not told what lies between.
    if (first.seq > this.#noted + 1) this.#isWhole = false;
    this.#pending.note(entries);
    this.#noted = Math.max(this.#noted, entries.at(-1)?.seq ?? 0);
    if (this.#pending.size > mostPending && !this.#parts.client.isUp) {
      this.#pending.clear();
      this.#isWhole = false;
    }
    this.#rouse?.();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        if (this.#parts.client.isUp) await this.#round();
      } catch (error) {
        this.#failed(error);
      }
      const hasWork = this.#mayWrite && this.#written < this.#noted;
      const rest = this.#parts.client.isUp ? this.#renewAt - performance.now() : this.#pace.renewMs;
      if (rest > 0 && !hasWork && !this.#isClosed) await this.#rest(rest);
    }
  }

  async #rest(milliseconds: number): Promise<void> {
    const roused = new AbortController();
    this.#rouse = () => roused.abort();
    await pause(milliseconds, undefined, { ref: false, signal: roused.signal }).catch(() => undefined);
    this.#rouse = undefined;
  }

  async #round(): Promise<void> {
    if (performance.now() >= this.#renewAt) {
      this.#renewAt = (await this.#renew()) ? performance.now() + this.#pace.renewMs : 0;
      this.#failure = "";
      this.#hasFailed = false;
    } else if (this.#mayWrite) await this.#writePending();
  }

  /**
   * One lease. The cache's time is taken first, then the head of the log is read, then everything up to it is made sure
   * to be in the cache: so whatever was acknowledged before that time is in the copy that the lease vouches for, and the
   * lease ends 5 s after that time whatever happens in between. False if there was no time left for one.
   */
  async #renew(): Promise<boolean> {
    const { store, standing } = this.#parts;
    const began = performance.now();
    const fromMs = await this.#look();
    const head = await store.head();
    await standing.reach(head);
    standing.settle();
    if (standing.seq > this.#noted) this.#isWhole = false;
    if (!this.#isWhole) await this.#rebuild();
    await this.#writePending();
    if (!this.#isWhole || performance.now() - began > this.#pace.leaseMs - this.#pace.renewMs) return false;
    const lease = { position: head.position, fromMs, mustHold: this.#isLeased };
    if (!(await this.#writer.lease(lease))) return false;
    this.#isLeased = true;
    this.#leasedAt = began;
    this.#enter("held");
    return true;
  }

  /** The cache's time. A clock that jumped may have ended keys too early, and so may a cache that threw some away. */
  async #look(): Promise<number> {
    const { atMs, evicted } = await this.#writer.look();
    const offset = atMs - this.#parts.now();
    if (Math.abs(offset - this.#clockOffset) > clockDrift || evicted !== this.#evicted) this.#isWhole = false;
    if (this.#isWhole) return atMs;
    this.#clockOffset = offset;
    this.#evicted = evicted;
    return atMs;
  }

  /** Writes everything that stands, and takes back whatever else is there. What is appended meanwhile goes first. */
  async #rebuild(): Promise<void> {
    const { standing, client, keys, log } = this.#parts;
    const began = performance.now();
    this.#enter("rebuilding");
    this.#noted = standing.seq;
    this.#isWhole = true; // until something says otherwise, which then holds after the rebuild too
    this.#isLeased = false;
    try {
      for await (const names of client.scan(keys.entries)) {
        const fingerprints = names.map((name) => name.slice(keys.entries.length));
        this.#pending.add(fingerprints.filter((fp) => standing.standingOf(fp).length === 0));
      }
      for (const fingerprints of inChunks(standing.frozen().entries)) {
        await this.#writePending();
        await this.#write(fingerprints);
      }
    } catch (error) {
      this.#isWhole = false;
      throw error;
    }
    this.#rebuildMs = performance.now() - began;
    log.info({ entries: standing.size, ms: Math.round(this.#rebuildMs) }, "the copy in the cache is whole");
  }

  async #writePending(): Promise<void> {
    for (;;) {
      const noted = this.#noted;
      const taken = await this.#pending.take(chunk, this.#parts.store);
      const isAll = this.#pending.size === 0;
      if (taken.length > 0)
        try {
          await this.#write(taken);
        } catch (error) {
          this.#pending.add(taken);
          throw error;
        }
      if (!isAll) continue;
      this.#written = Math.max(this.#written, noted);
      this.#waiting.reached(this.#written);
      if (this.#pending.size === 0) return;
    }
  }

  async #write(fingerprints: readonly string[]): Promise<void> {
    const { standing, store } = this.#parts;
    const ahead = await this.#writer.write(fingerprints, this.#waiting.size > 0 ? "announce" : "quiet");
    this.#isSlow = false;
    if (ahead <= standing.seq) return;
    // Another node knows more of the log. Where the log itself does not, it has gone back.
    await standing.reach(await store.head());
    if (standing.seq < ahead)
      throw new CopyWithheld(
        "foreign",
        `the copy is ahead of the log (${ahead}): delete its keys in the cache`,
      );
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const { log } = this.#parts;
    this.#renewAt = performance.now() + this.#pace.renewMs;
    const cause = String(error);
    const isNew = cause !== this.#failure;
    this.#failure = cause;
    if (error instanceof CopyLost) {
      this.#isWhole = false;
      this.#writer.forget();
      this.#renewAt = performance.now() + lostMs;
      log.warn({ cause }, "the copy in the cache is written anew");
    } else if (error instanceof CopyWithheld) {
      this.#isWhole = false;
      if (isNew) log.error({ cause }, "the cache is not used");
      this.#enter(error.state);
    } else {
      this.#hasFailed = true;
      if (isNew) log.warn({ cause }, "the copy in the cache waits");
      this.#enter("down");
    }
  }

  #enter(state: CopyState): void {
    this.#state = state;
    if (state !== "held" && state !== "rebuilding") this.#waiting.giveUp();
  }
}

/** The fingerprints of what stood at one moment, some at a time. */
function* inChunks(entries: FrozenEntries): Generator<readonly string[], void, void> {
  let some: string[] = [];
  for (const { words } of entries.records()) {
    if (some.push(fingerprintText(words)) < chunk) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
