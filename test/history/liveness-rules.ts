// Who is live when: A1, A2, A4, A5, A6, A7, and where the order is a replay's or the token came later B2, C2, B4. FAULTS.md.
// Per thing, over its answers by time.

import { type Born, coversForGood, isSurelyLifted, mayBeLifted, type Order } from "./cover.ts";
import type { Facts, Seen } from "./facts.ts";
import type { HistoryRecord, Invariant, Violation } from "./record.ts";

/** Parts of time by which a monotonic clock may be wrong: 500 ppm. */
const clockRate = 1.0005;

export function livenessViolations(facts: Facts): Violation[] {
  learnFromRefusals(facts);
  const found: Violation[] = [];
  for (const [name, seen] of facts.seen) {
    const thing = facts.coverage.thing(name);
    for (const one of seen)
      found.push(...(one.live ? wronglyLive(facts, thing, one) : wronglyDead(facts, thing, one)));
    found.push(...refusedThenLive(facts, thing, seen));
  }
  return found;
}

/** A7: an order without an answer that is the only reason for a refusal was in force from then on. */
function learnFromRefusals(facts: Facts): void {
  for (const [name, seen] of facts.seen) {
    const thing = facts.coverage.thing(name);
    for (const one of seen) {
      if (one.live || maybeSpent(facts, thing, one)) continue;
      const reasons = reasonsFor(facts, thing, one);
      const [only] = reasons;
      if (reasons.length === 1 && only !== undefined && one.ret < only.surely) only.surely = one.ret;
    }
  }
}

function wronglyLive(facts: Facts, thing: Born, seen: Seen): Violation[] {
  const { coverage, history } = facts;
  const allowance = seen.isVerifier ? history.maxStalenessMs * clockRate : 0;
  const cover = coverage
    .of(thing)
    .find(
      (order) =>
        order.surely + allowance < seen.inv &&
        coverage.isCertain(order, thing) &&
        !mayBeLifted(order, seen.ret),
    );
  if (cover === undefined) return [];
  const since = `${(seen.inv - cover.surely).toFixed(1)} ms after ${JSON.stringify(cover.unit)} was acknowledged`;
  return [
    {
      invariant: kindOf(facts, thing, seen, cover),
      what: `${thing.name} was live at ${seen.reader} ${since}`,
      things: [thing.name],
      records: [cover.record, seen.record],
    },
  ];
}

function kindOf(facts: Facts, thing: Born, seen: Seen, cover: Order): Invariant {
  if (cover.result === "info" && cover.cause === "order") return "A7";
  if (seen.isVerifier) return "A2";
  if (cover.cause === "refresh replayed") return "B2";
  if (cover.cause === "code replayed") return "C2";
  const survived = facts.outages.some(({ t_inv }) => cover.surely <= t_inv && t_inv <= seen.inv);
  if (survived) return "A4";
  return thing.ret > cover.surely && thing.kind !== "credential" && !coversForGood(cover) ? "B4" : "A1";
}

/** A6: a refusal needs an order that was begun before it ended. */
function wronglyDead(facts: Facts, thing: Born, seen: Seen): Violation[] {
  if (maybeSpent(facts, thing, seen) || reasonsFor(facts, thing, seen).length > 0) return [];
  return [
    {
      invariant: "A6",
      what: `${thing.name} was refused at ${seen.reader}, and nothing that stands covers it`,
      things: [thing.name],
      records: [seen.record],
    },
  ];
}

/** The orders that may have been why. */
export function reasonsFor({ coverage, history }: Facts, thing: Born, seen: Seen): Order[] {
  const lag = seen.isVerifier ? history.maxStalenessMs * clockRate : 0;
  return coverage
    .of(thing)
    .filter(
      (order) =>
        order.earliest < seen.ret &&
        coverage.isPossible(order, thing) &&
        !isSurelyLifted(order, seen.inv - lag),
    );
}

/** A refresh token may have been spent, a code used: that is no revocation. */
function maybeSpent({ refreshes, redemptions }: Facts, { name }: Born, { ret }: Pick<Seen, "ret">): boolean {
  const presented: readonly HistoryRecord[] = refreshes.get(name) ?? redemptions.get(name) ?? [];
  return presented.some(({ t_inv, result }) => t_inv < ret && result !== "fail");
}

/** A5: what one reader refused it never accepts again; all nodes are one reader, since they share one database. */
function refusedThenLive(facts: Facts, thing: Born, seen: readonly Seen[]): Violation[] {
  const found: Violation[] = [];
  const last = new Map<string, Seen>();
  const refusals = seen.filter((one) => !one.live && !maybeSpent(facts, thing, one));
  const byAnswer = refusals.toSorted((a, b) => a.ret - b.ret);
  let taken = 0;
  for (const one of seen.filter(({ live }) => live)) {
    for (let next = byAnswer[taken]; next !== undefined && next.ret < one.inv; next = byAnswer[++taken])
      last.set(readerOf(next), next);
    const refused = last.get(readerOf(one));
    if (refused === undefined || liftedBetween(facts, thing, refused, one)) continue;
    const later = `${(one.inv - refused.ret).toFixed(1)} ms later`;
    found.push({
      invariant: "A5",
      what: `${thing.name} was refused at ${refused.reader} and live at ${one.reader} ${later}`,
      things: [thing.name],
      records: [refused.record, one.record],
    });
  }
  return found;
}

function readerOf({ isVerifier, reader }: Seen): string {
  return isVerifier ? reader : "server";
}

/** Whether an order that may have been the reason was taken back between the two answers, as that reader sees it. */
function liftedBetween({ coverage, history }: Facts, thing: Born, refused: Seen, accepted: Seen): boolean {
  const from = refused.inv - (refused.isVerifier ? history.maxStalenessMs * clockRate : 0);
  return coverage
    .of(thing)
    .some(({ lifts }) =>
      lifts.some(({ t_inv, t_ret, result }) => t_inv < accepted.ret && (result === "info" || t_ret > from)),
    );
}
