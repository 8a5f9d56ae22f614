// How long things live, and how long an entry must stay so that nothing it covers can outlive it.
// All values are seconds. CONTRACT.md section 4, DESIGN.md section 4.

import type { UnitName } from "./units.ts";

export const lifetimes = {
  accessToken: 15 * 60,
  accessTokenCap: 24 * 60 * 60,
  refreshTokenIdle: 30 * 24 * 60 * 60,
  grant: 365 * 24 * 60 * 60,
  session: 7 * 24 * 60 * 60,
} as const;

/** No transaction of the store runs longer: its executors abort it. */
export const longestTransaction = 30;
/**
 * Seconds that any two clocks of ours, servers' and verifiers', may differ, or one may be set back, before what was
 * removed could be missed: ten minutes (FAULTS 20) and some.
 */
export const clockSkew = 15 * 60;
/** The greatest `max_staleness` a verifier may ask for. */
export const stalenessCap = 300;

/** The longest lives anything issued may have; stored maxima that only rise. */
export interface LongestLives {
  readonly accessToken: number;
  /** Of refresh tokens, grants and login sessions. */
  readonly grant: number;
}

export interface EntryLife {
  /** On the wire: verifiers may drop the entry afterwards. Absent: it stays until lifted. */
  readonly expires: number | undefined;
  /** The server keeps it at least until then. */
  readonly keepUntil: number | undefined;
}

/**
 * How long an entry ordered at `at` must stay. Verifiers see access tokens only; the server also refuses refresh
 * tokens and sessions, which live longer. A suspension stays until it is lifted. Whoever stole a signing key gives
 * tokens the longest life that is believed, so its entry stays for the cap; by then nobody holds the key any more
 * (`keyAcceptedFor`).
 */
export function entryLife(unit: UnitName, suspend: boolean, at: number, longest: LongestLives): EntryLife {
  if (suspend) return { expires: undefined, keepUntil: undefined };
  const margin = longestTransaction + clockSkew + stalenessCap;
  const life = unit === "signing-key" ? lifetimes.accessTokenCap : longest.accessToken;
  const expires = Math.ceil(at) + Math.max(life, longest.accessToken) + margin;
  const coversAccessTokensOnly = unit === "token" || unit === "signing-key";
  const keepUntil = coversAccessTokensOnly
    ? expires
    : Math.max(expires, Math.ceil(at) + longest.grant + margin);
  return { expires, keepUntil };
}

/** Seconds for which tokens of a signing key are accepted after it stopped signing; then it is published no more. */
export const keyAcceptedFor = lifetimes.accessTokenCap;

/** True for an access token that claims a longer life than any that was issued: a forgery, whoever signed it. */
export function livesTooLong(expiresAt: number, at: number): boolean {
  return expiresAt > at + lifetimes.accessTokenCap + clockSkew;
}
