// Why a token is live or not: every entry on the log that names one of its units or stands in its lineage, and what it
// does to the token. The verdict is the rule's own (liveness.ts); here it is only put into words.

import { covers, liveness, type StandingEntry, type Verdict } from "./liveness.ts";
import { isWide, type Judged, type Unit, unitsOf } from "./units.ts";

/** An entry that is kept on the log, lifted or not. */
export interface KeptEntry extends StandingEntry {
  /** The number of the lift that took it back. */
  readonly liftedBy?: number | undefined;
}

export type EntryEffect = "covers" | "lifted" | "spares";

export interface ExplainedEntry<Entry extends KeptEntry> {
  readonly entry: Entry;
  readonly effect: EntryEffect;
  /** One sentence, in the words of the documentation. */
  readonly why: string;
}

export interface Explanation<Entry extends KeptEntry> {
  readonly verdict: Verdict;
  /** Every unit of the token, with the entries that name it. */
  readonly units: readonly { readonly unit: Unit; readonly entries: readonly ExplainedEntry<Entry>[] }[];
  /** The fingerprints of its lineage that an entry names. */
  readonly lineage: readonly { readonly fp: string; readonly entries: readonly ExplainedEntry<Entry>[] }[];
}

/**
 * Explains the rule's verdict at a time (seconds since 1970).
 * @param named every kept entry by fingerprint, lifted ones included
 * @param fingerprint of a unit, as on the feed
 */
export function explain<Entry extends KeptEntry>(
  token: Judged,
  named: ReadonlyMap<string, readonly Entry[]>,
  fingerprint: (unit: Unit) => string,
  at: number,
): Explanation<Entry> {
  const explained = (fp: string) => (named.get(fp) ?? []).map((entry) => explainEntry(entry, token));
  const units = unitsOf(token).map((unit) => ({ unit, entries: explained(fingerprint(unit)) }));
  const lineage = token.lineage
    .map((fp) => ({ fp, entries: explained(fp) }))
    .filter(({ entries }) => entries.length > 0);
  const standing = [...units, ...lineage]
    .flatMap(({ entries }) => entries)
    .filter(({ effect }) => effect !== "lifted");
  return {
    verdict: liveness(
      token,
      standing.map(({ entry }) => entry),
      at,
    ),
    units,
    lineage,
  };
}

/** What one entry, of a unit of the token or of its lineage, does to it. */
export function explainEntry<Entry extends KeptEntry>(entry: Entry, token: Judged): ExplainedEntry<Entry> {
  if (entry.liftedBy !== undefined)
    return { entry, effect: "lifted", why: `It was taken back by entry ${entry.liftedBy}.` };
  if (covers(entry, token)) return { entry, effect: "covers", why: whyCovered(entry, token) };
  return { entry, effect: "spares", why: whySpared(entry, token) };
}

function whyCovered({ seq, unit, before, suspend }: KeptEntry, token: Judged): string {
  if (suspend === true) return "A suspension covers everything of this unit until it is lifted.";
  if (!isWide(unit)) return `An order of this unit (${unit}) covers it for good.`;
  if (token.ours && token.rev === undefined)
    return "Nothing says when it was issued, so an order of this unit covers it.";
  if (!token.ours && before === undefined)
    return "The order has no before, so it covers every foreign token.";
  if (!token.ours && token.authorisedAt === undefined)
    return "The token does not say when it was issued, so the order covers it.";
  const upTo = before === undefined ? "" : ` and authorised at ${token.authorisedAt}, up to ${before}`;
  if (!token.ours)
    return `It was issued at ${token.authorisedAt}; the order covers what was up to ${before}.`;
  return `It was issued before the order: its rev ${token.rev} is below ${seq}${upTo}.`;
}

/** Asks the rule which of its two comparisons spared the token. */
function whySpared(entry: KeptEntry, token: Judged): string {
  const issuedLater = !covers({ ...entry, before: undefined }, token);
  if (issuedLater)
    return `It was issued after the order: its rev ${token.rev} is not below ${entry.seq}, and orders of this unit do not cover what comes later.`;
  return `It was authorised at ${token.authorisedAt}, after the order's before (${entry.before}).`;
}
