// What stands in the cache: all entries of one fingerprint as JSON, and the lease. No identifiers, no secrets.
// The layout is public: docs/reference/cache.md.

import { formatPosition, type Position, type RevokeEntry } from "@rescind/core";

/**
 * Seconds for which a key stays after its last entry's `expires`: another machine's clock may be wrong by so much.
 */
export const expiryMargin = 900;

export interface CachedValue {
  readonly text: string;
  /** Milliseconds since 1970 at which the key goes; undefined: it stays until it is lifted. */
  readonly until: number | undefined;
}

/**
 * What stands for one fingerprint at a position of the log: `{"at":9,"entries":[{"seq":7,"unit":"subject"}]}`. Without
 * entries it says that nothing stands any more, so that what a slower node writes late does not bring one back.
 * @param at the position that the entries were looked up at
 * @param nowMs milliseconds since 1970
 */
export function cachedValue(at: number, standing: readonly RevokeEntry[], nowMs: number): CachedValue {
  // `at` comes first: the script that writes reads it without parsing the rest.
  const entries = standing.map(({ seq, unit, before, suspend }) => ({
    seq,
    unit,
    ...(before === undefined ? {} : { before }),
    ...(suspend === true ? { suspend } : {}),
  }));
  return { text: JSON.stringify({ at, entries }), until: untilMs(standing, nowMs) };
}

/** `SEQ.HASH.LOG.NONCE`: the position, the log it is of, and what makes each lease differ from every other. */
export function leaseText(position: Position, log: string, nonce: string): string {
  return `${formatPosition(position)}.${log}.${nonce}`;
}

/** Milliseconds for which "nothing stands" is kept: longer than a node may go on writing without having been heard of. */
const liftedMs = 120_000;

function untilMs(standing: readonly RevokeEntry[], nowMs: number): number | undefined {
  let last = nowMs + liftedMs;
  for (const { expires } of standing) {
    if (expires === undefined) return undefined;
    last = Math.max(last, (expires + expiryMargin) * 1000);
  }
  return last;
}
