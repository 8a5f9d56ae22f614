// How far an entry is in effect: how many of the verifiers whose lease may still be in force have applied it, for those
// who wait for it (`Prefer: wait`, `Rescind-Effective`). DESIGN.md section 5. Commits nothing, and holds up nothing but
// the answer of whoever asked to wait.

import type { Store } from "@rescind/store";
import type { Fleet } from "./fleet.ts";

/** Of the verifiers `counted`, so many have `applied` it. */
export interface Effect {
  readonly applied: number;
  readonly counted: number;
}

export interface EffectWatch {
  /**
   * The process answers from now on. It knows of every verifier once the longest lease that an earlier process may
   * have given has run out; until then nothing is claimed.
   */
  serving(): void;
  /** Durably remembers a `max_staleness` (seconds); call it before a lease is given for it. */
  allowFor(maxStaleness: number): Promise<void>;
  /**
   * Resolves when every verifier that counts has applied the log up to `seq`, when `seconds` are over, when `gone` says
   * that nobody waits any more, or when the server stops; at once where too many wait. Undefined: nothing is claimed.
   */
  reached(seq: number, seconds: number, gone: AbortSignal): Promise<Effect | undefined>;
  /** Ends all waiting. */
  close(): void;
}

interface Waiting {
  readonly seq: number;
  readonly end: (effect: Effect | undefined) => void;
}

/** Answers held at once; each is an open connection. */
const mostWaiting = 10_000;

export interface EffectParts {
  readonly fleet: Pick<Fleet, "follow" | "leased" | "refreshed" | "watch">;
  readonly store: Pick<Store, "raiseLongestStaleness">;
  /** Seconds: the store's `longestStaleness` before this process served. */
  readonly longestStaleness: number;
  /** Milliseconds for which a node that is not heard of any more may go on to give leases. */
  readonly unheardMs?: number | undefined;
  /** Milliseconds of a clock that is never set: the fleet's own. */
  readonly monotonic?: (() => number) | undefined;
}

export function effectWatch(parts: EffectParts): EffectWatch {
  const { fleet, store, unheardMs = 0, monotonic = () => performance.now() } = parts;
  const waiting = new Set<Waiting>();
  let longest = parts.longestStaleness;
  let claimableFrom = Number.POSITIVE_INFINITY;
  let expiry: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isClosed = false;

  const effectOf = (seq: number): Effect | undefined => {
    if (monotonic() < claimableFrom) return undefined;
    const leased = fleet.leased();
    return { applied: leased.filter(({ applied }) => applied >= seq).length, counted: leased.length };
  };
  const isReached = (effect: Effect | undefined): boolean =>
    effect !== undefined && effect.applied === effect.counted;

  /** Looks again when time alone may have changed something. */
  const lookAt = (mono: number): void => {
    clearTimeout(expiry);
    if (waiting.size > 0 && Number.isFinite(mono))
      expiry = setTimeout(look, Math.ceil(mono - monotonic()) + 1).unref();
  };
  const look = (): void => {
    if (waiting.size === 0) return;
    if (monotonic() < claimableFrom) {
      lookAt(claimableFrom);
      return;
    }
    const leased = fleet.leased();
    const lowest = leased.reduce((least, { applied }) => Math.min(least, applied), Number.POSITIVE_INFINITY);
    for (const one of waiting)
      if (one.seq <= lowest) one.end({ applied: leased.length, counted: leased.length });
    const ends = leased.filter(({ applied }) => applied === lowest).map(({ untilMono }) => untilMono);
    lookAt(ends.reduce((first, end) => Math.min(first, end), Number.POSITIVE_INFINITY));
  };
  /** The leases of one moment are one look, and so are those who begin to wait. */
  const lookSoon = (): void => {
    if (isLooking || waiting.size === 0) return;
    isLooking = true;
    setImmediate(() => {
      isLooking = false;
      look();
    });
  };
  const stopWatching = fleet.watch(lookSoon);

  return {
    serving() {
      claimableFrom = monotonic() + longest * 1000 + unheardMs;
      lookSoon();
    },
    async allowFor(maxStaleness) {
      if (maxStaleness <= longest) return;
      await store.raiseLongestStaleness(Math.ceil(maxStaleness));
      longest = Math.max(longest, Math.ceil(maxStaleness));
    },
    async reached(seq, seconds, gone) {
      // After the order was committed: who gets a lease that is not counted here gets one that names it.
      await fleet.refreshed();
      const atOnce = effectOf(seq);
      const isOver = seconds <= 0 || gone.aborted || isClosed || waiting.size >= mostWaiting;
      if (isOver || isReached(atOnce)) return atOnce;
      const unfollow = fleet.follow();
      return new Promise((resolve) => {
        const end = (effect: Effect | undefined): void => {
          waiting.delete(one);
          unfollow();
          clearTimeout(deadline);
          gone.removeEventListener("abort", giveUp);
          resolve(effect);
        };
        const giveUp = (): void => end(effectOf(seq));
        const one: Waiting = { seq, end };
        const deadline = setTimeout(giveUp, seconds * 1000);
        gone.addEventListener("abort", giveUp);
        waiting.add(one);
        lookSoon();
      });
    },
    close() {
      isClosed = true;
      stopWatching();
      clearTimeout(expiry);
      for (const { seq, end } of waiting) end(effectOf(seq));
    },
  };
}
