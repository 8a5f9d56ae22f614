// The verdict on a token that is genuine: by what is known here, or by what the server answered. Without I/O and without
// waiting, so that freshness, what the set holds and the verdict are those of one moment. DESIGN.md section 5.

import { type Judged, liveness, type StandingEntry, type UnitName } from "@rescind/core";
import type { VerifiedToken } from "./access-token.ts";
import type { Instant } from "./clock.ts";
import type { FeedReader } from "./feed-reader.ts";
import type { TokenFingerprints } from "./fingerprints.ts";
import { TokenRejected } from "./token-rejected.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

/** A genuine token and what was found of it so far. */
export interface KnownToken {
  readonly token: VerifiedToken;
  readonly judged: Judged;
  readonly issuer: Pick<TrustedIssuer, "livesTooLong">;
  /** Of all its units and its lineage. */
  readonly fingerprints: TokenFingerprints;
  /** What was found under the fingerprints at `generation` of the set. */
  generation: number;
  found: readonly StandingEntry[];
  /**
   * Monotonic milliseconds when the server last called it inactive, or first said whose an opaque one is: only a lease sent
   * later may say that it is live.
   */
  toldAt: number;
}

const none: readonly StandingEntry[] = [];

export class TokenJudge {
  readonly #reader: FeedReader;
  readonly #holds = (unit: UnitName): boolean => this.#reader.set.holds(unit);

  constructor(reader: FeedReader) {
    this.#reader = reader;
  }

  /**
   * The token, if what is known here says that it is live; undefined if that is too old to decide by, or than
   * `maxStaleness` milliseconds, or older than when the server called this token inactive. What covers it is known all
   * the same: one that is asked about without pause would else be asked about at the server for ever.
   * @throws TokenRejected if it is not live
   */
  byLog(seen: KnownToken, now: Instant, maxStaleness = Number.POSITIVE_INFINITY): VerifiedToken | undefined {
    const reader = this.#reader;
    const since = reader.freshSince(now);
    if (since === undefined) return undefined;
    if (now.mono - since.mono > maxStaleness) return undefined;
    if (seen.generation !== reader.set.generation) {
      seen.found = this.#find(seen);
      seen.generation = reader.set.generation;
    }
    const at = reader.serverTime(now);
    if (since.mono < seen.toldAt && liveness(seen.judged, seen.found, at).kind === "live") return undefined;
    reader.decided(reader.position.seq);
    if (seen.issuer.livesTooLong(seen.judged, at)) throw new TokenRejected("claims");
    requireLive(seen, seen.found, at);
    return seen.token;
  }

  /**
   * The token, which the server called active at `head`, unless an entry that is known here and came later covers it.
   * @throws TokenRejected if one does, or if the answer is older than something that was decided here
   */
  byAnswer(seen: KnownToken, head: number, now: Instant): VerifiedToken {
    const reader = this.#reader;
    if (head < reader.highestDecided)
      throw new TokenRejected("stale", {
        cause: new Error("The introspection answer is older than this verifier."),
      });
    reader.decided(head);
    const later = this.#find(seen).filter((entry) => entry.seq > head);
    requireLive(seen, later, reader.serverTime(now));
    return seen.token;
  }

  #find(seen: KnownToken): readonly StandingEntry[] {
    const { set } = this.#reader;
    if (set.size === 0) return none;
    return seen.fingerprints(this.#holds).flatMap((fp) => set.find(fp));
  }
}

/** @throws TokenRejected unless the one rule says `live` */
function requireLive({ judged }: KnownToken, found: readonly StandingEntry[], at: number): void {
  const verdict = liveness(judged, found, at);
  if (verdict.kind === "live") return;
  throw new TokenRejected(verdict.kind, verdict.kind === "revoked" ? { cause: verdict.by } : {});
}
