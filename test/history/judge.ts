// Judges a history by the invariants of FAULTS.md. Pure; it shares no code with the server: what belongs to what it takes
// from the model of test/model, when something holds from what clients saw, in linear scans per thing after sorting.
// Left out: A3 (a measurement, no safety), D3 and E3 (the verifier's simulator), E2 (test/threats/secrets).

import { descends, isLive, type Order } from "../model/model.ts";
import { type Facts, factsOf } from "./facts.ts";
import { livenessViolations } from "./liveness-rules.ts";
import { logViolations } from "./log-rules.ts";
import type { History, ListedOrder, LogRead, Violation } from "./record.ts";
import { singleUseViolations } from "./single-use-rules.ts";

/** Where the state at the end is asked for, when nothing is under way any more. */
export const atTheEnd = "the end";

/** An empty list: nothing in the history contradicts the invariants. */
export function violations(history: History): Violation[] {
  const facts = factsOf(history);
  return [
    ...livenessViolations(facts),
    ...singleUseViolations(facts),
    ...logViolations(facts),
    ...stateAtTheEnd(facts),
  ];
}

/**
 * C3: at the end each token is live exactly where the model says so of the orders that the administrator's list shows:
 * here, and only here, numbers decide and not times.
 */
function* stateAtTheEnd({ history, coverage, refreshes }: Facts): Generator<Violation> {
  const log = history.records.findLast((record): record is LogRead => record.op === "log");
  if (log === undefined) return;
  const orders = log.args.orders.map(modelOrder);
  for (const record of history.records) {
    if (record.op !== "use" || record.args.at !== atTheEnd || record.result === "info") continue;
    const thing = coverage.thing(record.args.thing);
    if ((refreshes.get(thing.name) ?? []).some(({ result }) => result !== "fail")) continue;
    const rev = thing.rev ?? record.args.rev;
    if (rev === undefined && orders.some((order) => descends(order.unit, thing.token))) continue;
    // Nobody was told when it was authorised, which an order of what is older asks for.
    const asksTime = ({ unit, before }: Order) => before !== undefined && descends(unit, thing.token);
    if (thing.authorisedAt === undefined && orders.some(asksTime)) continue;
    const live = isLive({ ...thing.token, rev: rev ?? 0, authorisedAt: thing.authorisedAt }, orders);
    if (live === (record.result === "ok")) continue;
    yield {
      invariant: "C3",
      what: `${thing.name} is ${live ? "refused" : "live"} at the end; by what was ordered it is ${live ? "live" : "covered"}`,
      things: [thing.name],
      records: [record],
    };
  }
}

function modelOrder({ seq, unit, before, suspend, final, lifted }: ListedOrder): Order {
  return { seq, unit, before, suspend, final, lifted };
}
