// What works once: rotation of refresh tokens (B1, B2, B3), codes (C1), and that others can do nothing with them (C4).
// FAULTS.md. What a replay ends is judged with every other order.

import { type Facts, isCovered, mayBeReplay, presentations, successorUse, windowEnd } from "./facts.ts";
import type { HistoryRecord, Invariant, Redeemed, Refreshed, Violation } from "./record.ts";

/** Milliseconds of the 60 seconds a code lives in which it must work. */
const codeSurelyLives = 45_000;

export function singleUseViolations(facts: Facts): Violation[] {
  return [...refreshViolations(facts), ...codeViolations(facts), ...unauthorisedOrders(facts)];
}

function* refreshViolations(facts: Facts): Generator<Violation> {
  for (const [name, presented] of facts.refreshes) {
    if ((facts.successors.get(name)?.size ?? 0) > 1)
      yield violation("B1", `${name} has several successors`, name, presented);
    for (const record of presented) {
      const wrong = record.result === "ok" ? wronglyGiven(facts, record) : wronglyRefused(facts, record);
      if (wrong !== undefined) yield wrong;
    }
  }
}

function wronglyGiven(facts: Facts, record: Refreshed): Violation | undefined {
  const { token, authorised } = record.args;
  if (!authorised) return violation("C4", `another client refreshed ${token}`, token, [record]);
  const used = successorUse(facts, token, ({ result, t_ret }) => result === "ok" && t_ret < record.t_inv);
  if (used !== undefined)
    return violation("B2", `${token} was refreshed again although its successor was used`, token, [
      used,
      record,
    ]);
  if (record.t_inv <= windowEnd(facts, token)) return undefined;
  const all = presentations(facts, token);
  return violation("B1", `${token} was refreshed again long after it was spent`, token, all);
}

/** B3: only an order, a replay or the end of the window may be why. */
function wronglyRefused(facts: Facts, record: Refreshed): Violation | undefined {
  const { token, authorised } = record.args;
  if (record.result !== "fail" || !authorised || mayBeReplay(facts, record)) return undefined;
  if (mayBeEnded(facts, token, record)) return undefined;
  return violation("B3", `${token} was refused; nothing but the server had failed`, token, [
    ...presentations(facts, token),
  ]);
}

/** Whether something covers it, or anything that it came from and hangs on. */
function mayBeEnded(facts: Facts, name: string, record: HistoryRecord): boolean {
  const thing = facts.coverage.thing(name);
  if (isCovered(facts.coverage, thing, record)) return true;
  const above = thing.evidence ?? [];
  return above.some((one) => one !== name && mayBeEnded(facts, one, record));
}

function* codeViolations(facts: Facts): Generator<Violation> {
  for (const [name, presented] of facts.redemptions) {
    const given = presented.filter(({ result }) => result === "ok");
    if (given.length > 1) yield violation("C1", `${name} was redeemed ${given.length} times`, name, given);
    for (const record of presented) {
      if (record.result === "ok" && !record.args.authorised)
        yield violation("C4", `another client redeemed ${name}`, name, [record]);
      if (record.result === "fail" && record.args.authorised && isCodeWronglyRefused(facts, record))
        yield violation("A6", `${name} was refused, and nothing covers it`, name, presented);
    }
  }
}

function isCodeWronglyRefused(facts: Facts, record: Redeemed): boolean {
  const { code } = record.args;
  const others = facts.redemptions.get(code) ?? [];
  if (others.some((other) => other !== record && other.result !== "fail" && other.t_inv < record.t_ret))
    return false;
  if (record.t_ret > facts.coverage.thing(code).inv + codeSurelyLives) return false;
  return !mayBeEnded(facts, code, record);
}

/** An order by somebody who may not is refused. That it has no effect either is A6. */
function* unauthorisedOrders({ history }: Facts): Generator<Violation> {
  for (const record of history.records)
    if (record.op === "order" && !record.args.authorised && record.result === "ok")
      yield {
        invariant: "C4",
        what: "an order was accepted from somebody who may not",
        things: [],
        records: [record],
      };
}

function violation(
  invariant: Invariant,
  what: string,
  thing: string,
  records: readonly HistoryRecord[],
): Violation {
  return { invariant, what, things: [thing], records };
}
