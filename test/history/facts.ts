// A history in the order that the judge reads it: what was issued, every acceptance and refusal of each thing by time, and
// every order with what may have taken it back, those of replays included.

import { type Born, bear, Coverage, type Order, orderOf } from "./cover.ts";
import type {
  Fault,
  History,
  HistoryRecord,
  Issued,
  Lifted,
  Ordered,
  Redeemed,
  Refreshed,
  Thing,
} from "./record.ts";

/** One definite answer about one thing. */
export interface Seen {
  readonly thing: string;
  readonly reader: string;
  readonly isVerifier: boolean;
  readonly live: boolean;
  readonly inv: number;
  readonly ret: number;
  readonly record: HistoryRecord;
}

export interface Facts {
  readonly history: History;
  readonly born: ReadonlyMap<string, Born>;
  readonly coverage: Coverage;
  /** By thing, by when it was asked. */
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
  readonly refreshes: ReadonlyMap<string, readonly Refreshed[]>;
  readonly redemptions: ReadonlyMap<string, readonly Redeemed[]>;
  readonly successors: ReadonlyMap<string, ReadonlySet<string>>;
  /** In which a node or the database was away. */
  readonly outages: readonly Fault[];
}

export function factsOf(history: History): Facts {
  const records = history.records.toSorted((a, b) => a.t_inv - b.t_inv);
  const born = new Map<string, Born>();
  const byAnswer = records.filter(isIssuing).toSorted((a, b) => a.t_ret - b.t_ret);
  for (const record of byAnswer) for (const thing of record.args.made) addBorn(born, thing, record);
  const refreshes = grouped(
    records.filter((record) => record.op === "refresh"),
    ({ args }) => args.token,
  );
  const redemptions = grouped(
    records.filter((record) => record.op === "redeem"),
    ({ args }) => args.code,
  );
  const lifts = records.filter((record): record is Lifted => record.op === "lift");
  const outages = records.filter((record): record is Fault => record.op === "fault" && record.args.outage);
  const seen = grouped(records.flatMap(seenIn), ({ thing }) => thing);
  const given = { history, born, seen, refreshes, redemptions, outages, successors: successorsOf(refreshes) };
  const orders = records
    .filter((record): record is Ordered => record.op === "order")
    .flatMap((record) => orderOf(record, lifts) ?? []);
  const replays = [...replayedRefreshes(given), ...replayedCodes(given, orders)];
  return { ...given, coverage: new Coverage(born, [...orders, ...replays]) };
}

type Issuing = Issued | Refreshed | Redeemed;

function isIssuing(record: HistoryRecord): record is Issuing {
  return (
    (record.op === "issue" || record.op === "refresh" || record.op === "redeem") && record.result === "ok"
  );
}

/** The first answer that brought it counts: a successor may be given twice. */
function addBorn(born: Map<string, Born>, thing: Thing, { t_inv, t_ret }: HistoryRecord): void {
  if (!born.has(thing.name)) born.set(thing.name, bear(thing, { inv: t_inv, ret: t_ret }, born));
}

/** Whoever issues from something has found it live. */
function seenIn(record: HistoryRecord): Seen[] {
  const { node, t_inv, t_ret, result } = record;
  const of = (thing: string, live: boolean, isVerifier = false): Seen => ({
    ...{ thing, live, isVerifier, record, reader: node, inv: t_inv, ret: t_ret },
  });
  if (record.op === "use" && result !== "info")
    return [of(record.args.thing, result === "ok", record.args.verifier === true)];
  if (record.op === "issue" && result === "ok") return record.args.evidence.map((thing) => of(thing, true));
  if (record.op === "refresh" && result === "ok") return [of(record.args.token, true)];
  if (record.op === "redeem" && result === "ok") return [of(record.args.code, true)];
  return [];
}

function successorsOf(refreshes: ReadonlyMap<string, readonly Refreshed[]>): Map<string, Set<string>> {
  const successors = new Map<string, Set<string>>();
  for (const [token, presented] of refreshes)
    successors.set(token, new Set(presented.flatMap(({ args }) => args.successor ?? [])));
  return successors;
}

type Given = Omit<Facts, "coverage">;

/**
 * A presentation of a spent refresh token that was refused may have ended its grant, and must have if it was a replay,
 * whatever stood already.
 */
function* replayedRefreshes(facts: Given): Generator<Order> {
  for (const [name, presented] of facts.refreshes) {
    const thing = facts.born.get(name);
    if (thing?.grant === undefined) continue;
    for (const record of presented) {
      if (record.result === "ok" || !record.args.authorised || !mayBeReplay(facts, record)) continue;
      const isCertain = record.result === "fail" && isReplay(facts, record);
      yield replayOrder("refresh replayed", thing.grant, record, isCertain);
    }
  }
}

/** Of the presentations of one code, all but one end what that one made: each that was refused for nothing else. */
function* replayedCodes(facts: Given, orders: readonly Order[]): Generator<Order> {
  const covers = new Coverage(facts.born, orders);
  for (const [name, presented] of facts.redemptions) {
    const first = presented.find(({ result, args }) => result === "ok" && args.made.length > 0);
    const code = facts.born.get(name);
    const grant = first?.args.made.find((made) => made.grant !== undefined)?.grant;
    if (first === undefined || grant === undefined || code === undefined) continue;
    for (const record of presented) {
      if (record === first || !record.args.authorised) continue;
      const isSpent = first.t_ret < record.t_inv;
      const isCertain = record.result === "fail" && (isSpent || !isCovered(covers, code, record));
      yield replayOrder("code replayed", grant, record, isCertain);
    }
  }
}

/** Whether something else may have been the reason to refuse it. */
export function isCovered(covers: Coverage, thing: Born, { t_ret }: HistoryRecord): boolean {
  const hangsOn = [thing, ...(thing.evidence ?? []).map((name) => covers.thing(name))];
  return hangsOn.some((one) =>
    covers.of(one).some((order) => order.earliest < t_ret && covers.isPossible(order, one)),
  );
}

function replayOrder(cause: Order["cause"], grant: string, record: HistoryRecord, isCertain: boolean): Order {
  return {
    unit: { is: "grant", grant },
    suspend: false,
    before: undefined,
    cause,
    result: isCertain ? "ok" : "info",
    earliest: record.t_inv,
    surely: isCertain ? record.t_ret : Number.POSITIVE_INFINITY,
    latest: record.result === "info" ? Number.POSITIVE_INFINITY : record.t_ret,
    lifts: [],
    record,
  };
}

export function mayBeReplay(facts: Given, { args, t_inv, t_ret }: Refreshed): boolean {
  if (successorUse(facts, args.token, (use) => use.t_inv < t_ret) !== undefined) return true;
  const first = Math.min(...presentations(facts, args.token).map((presented) => presented.t_inv));
  return first < t_inv && t_ret > first + facts.history.graceMs;
}

/** Its successor was used before, or the window was surely over: it counts anew from the end of an outage. */
export function isReplay(facts: Given, { args, t_inv }: Refreshed): boolean {
  const used = successorUse(facts, args.token, (use) => use.result === "ok" && use.t_ret < t_inv);
  return used !== undefined || t_inv > windowEnd(facts, args.token);
}

/** The latest end of the window in which it may be presented again; infinity if it was never surely spent. */
export function windowEnd(facts: Given, token: string): number {
  const given = presentations(facts, token).filter(({ result }) => result === "ok");
  const spent = Math.min(...given.map(({ t_ret }) => t_ret));
  // An answer that did not come tells of an outage, too.
  const unanswered = facts.history.records.filter(({ op, result }) => op === "refresh" && result === "info");
  const mended = [...facts.outages, ...unanswered].map(({ t_ret }) => t_ret).filter((end) => end > spent);
  return Math.max(spent, ...mended) + facts.history.graceMs;
}

export function presentations(facts: Given, token: string): readonly Refreshed[] {
  return facts.refreshes.get(token) ?? [];
}

/** A use of a successor that may have spent it. */
export function successorUse(
  facts: Given,
  token: string,
  when: (use: Refreshed) => boolean,
): Refreshed | undefined {
  const uses = [...(facts.successors.get(token) ?? [])].flatMap((one) => presentations(facts, one));
  return uses.find((use) => use.result !== "fail" && use.args.authorised && when(use));
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
