// Digests of tokens and fingerprints of units: the hashing that core leaves to its callers. The one place that knows
// whether digests are SHA-256 or HMAC-SHA-256 under a pepper, and that those made before a change are accepted too.

import { timingSafeEqual } from "node:crypto";
import { formatToken, type RowId, randomBytesPerToken, type TokenKind, type Unit } from "@rescind/core";
import { fingerprinting } from "./fingerprint.ts";
import { hmacSha256, sha256 } from "./hash.ts";
import { withRandom } from "./random-pool.ts";

export interface TokenHashing {
  /** SHA-256 of a token's text, or HMAC-SHA-256 under the pepper: what is stored from now on. */
  digest(token: string): Uint8Array;
  /** Those that a stored text may be found by: today's first, then that of the setting before, where one is named. */
  digests(token: string): readonly [Uint8Array, ...Uint8Array[]];
  /** Whether this is what a stored digest was made of, by today's setting or the one before; in constant time each. */
  matches(token: string, stored: Uint8Array | undefined): boolean;
  /** As `matches`, for one text and many digests. */
  matcher(token: string): (stored: Uint8Array | undefined) => Match;
  /** What is in force, for people; never the pepper. */
  readonly settings: { readonly current: DigestKind; readonly previous: DigestKind | undefined };
  /** 22 characters of base64url, as on the feed. */
  fingerprint(unit: Unit): string;
}

/** "previous": it was stored under the setting before, and can be stored anew. */
export type Match = "current" | "previous" | "none";

export type DigestKind = "sha-256" | "hmac-sha-256";

/** Written for "there was no pepper before". */
export const noPepper = "none";

/**
 * @param pepper undefined: plain SHA-256
 * @param previous the pepper before, `noPepper`, or undefined where nothing is being migrated
 */
export function tokenHashing(
  pepper: string | undefined,
  fingerprintKey: Uint8Array,
  previous?: string | undefined,
): TokenHashing {
  const before = previous === noPepper ? undefined : previous;
  const digest = digestUnder(pepper);
  const digestBefore = digestUnder(before);
  const matcher = (token: string) => {
    const current = digest(token);
    let earlier: Uint8Array | undefined;
    return (stored: Uint8Array | undefined): Match => {
      if (sameDigest(current, stored)) return "current";
      if (previous === undefined) return "none";
      earlier ??= digestBefore(token);
      return sameDigest(earlier, stored) ? "previous" : "none";
    };
  };
  return {
    digest,
    digests: (token) => (previous === undefined ? [digest(token)] : [digest(token), digestBefore(token)]),
    matches: (token, stored) => matcher(token)(stored) !== "none",
    matcher,
    settings: {
      current: kindOf(pepper),
      previous: previous === undefined ? undefined : kindOf(before),
    },
    fingerprint: fingerprinting(fingerprintKey),
  };
}

/** A new opaque token, code or secret for a row. */
export function newToken(kind: TokenKind, rowId: RowId): string {
  return withRandom(randomBytesPerToken, (random) => formatToken(kind, rowId, random));
}

function digestUnder(pepper: string | undefined): (token: string) => Uint8Array {
  if (pepper === undefined) return sha256;
  const hmac = hmacSha256(Buffer.from(pepper));
  return (token) => hmac(Buffer.from(token));
}

function kindOf(pepper: string | undefined): DigestKind {
  return pepper === undefined ? "sha-256" : "hmac-sha-256";
}

/** Compares two digests without telling by time where they differ. */
function sameDigest(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && timingSafeEqual(a, b);
}
