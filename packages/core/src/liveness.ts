// The rule: a token is live if it is genuine, unexpired, and no standing entry of the log covers it.
// Server, verifier, console and tests all ask this function. DESIGN.md section 1.
// Does not check that the token is genuine, and does not look entries up: the caller brings every
// standing entry of each of the token's units and of its lineage.

import { isWide, type Judged, type UnitName } from "./units.ts";

/** An entry that stands on the log: not lifted, not removed. `before` is seconds since 1970. */
export interface StandingEntry {
  readonly seq: number;
  readonly unit: UnitName;
  readonly before?: number | undefined;
  readonly suspend?: boolean | undefined;
}

export type Verdict =
  | { readonly kind: "live" }
  | { readonly kind: "not-yet" }
  | { readonly kind: "expired" }
  | { readonly kind: "revoked"; readonly by: StandingEntry };

/** Seconds by which clocks of other machines may differ from ours. */
export const clockTolerance = 10;

const live: Verdict = { kind: "live" };
const expired: Verdict = { kind: "expired" };
const notYet: Verdict = { kind: "not-yet" };

/**
 * Judges a token at a time (seconds since 1970, fractions allowed).
 * @param found every standing entry of the token's units and lineage, in any order; more does no harm only
 *   if it belongs to them, since an entry found is an entry asked.
 */
export function liveness(token: Judged, found: Iterable<StandingEntry>, at: number): Verdict {
  if (token.expiresAt <= at) return expired;
  for (const entry of found) if (covers(entry, token)) return { kind: "revoked", by: entry };
  if (token.notBefore !== undefined && token.notBefore > at + clockTolerance) return notYet;
  return live;
}

/**
 * Whether one entry, of a unit that this token belongs to or that stands in its lineage, covers the token.
 * Entries for a token, grant or signing key and suspensions cover for good. A wide entry covers what has a
 * smaller `rev`; with `before`, of this only what was authorised up to then. A foreign JWT has no `rev`:
 * its `iat` decides, and without one it is covered.
 */
export function covers(entry: StandingEntry, token: Judged): boolean {
  if (entry.suspend === true || !isWide(entry.unit)) return true;
  if (token.ours && token.rev !== undefined && token.rev >= entry.seq) return false;
  if (entry.before === undefined || token.authorisedAt === undefined) return true;
  return token.authorisedAt <= entry.before + (token.ours ? 0 : clockTolerance);
}
