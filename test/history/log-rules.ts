// What readers of the log know and when: D1, D2, D4, E1, that no answer is judged at a place before what was acknowledged
// (A1, A2), and that nothing acknowledged is missing from the log at the end (A4). FAULTS.md.

import type { Facts } from "./facts.ts";
import {
  type HistoryRecord,
  type Invariant,
  type LogRead,
  type Placed,
  restore,
  type Violation,
} from "./record.ts";

const clockRate = 1.0005;
/** Numbers of an epoch; a restore begins another one. DESIGN.md section 1. */
const epochSize = 2 ** 20;

export function logViolations(facts: Facts): Violation[] {
  const { records } = facts.history;
  const log = records.findLast((record): record is LogRead => record.op === "log");
  return [
    ...hashesAgree(records),
    ...behind(facts),
    ...leasesLack(records),
    ...(log === undefined
      ? []
      : [...logIsWhole(records, log), ...setsAgree(facts, log), ...lateReaders(facts, log)]),
  ];
}

/** D1: the same position means the same log at every reader. */
function* hashesAgree(records: readonly HistoryRecord[]): Generator<Violation> {
  const known = new Map<number, { readonly hash: string; readonly record: HistoryRecord }>();
  const note = (position: number, hash: string, record: HistoryRecord): Violation | undefined => {
    const before = known.get(position);
    if (before === undefined) known.set(position, { hash, record });
    if (before === undefined || before.hash === hash) return undefined;
    const readers = `${before.record.node} and ${record.node}`;
    return about("D1", `two logs at ${position}: ${readers}`, [before.record, record]);
  };
  for (const record of records) {
    const { position } = record;
    const places: (readonly [number, string])[] = [];
    if (
      (record.op === "use" || record.op === "place") &&
      position !== undefined &&
      record.args.hash !== undefined
    )
      places.push([position, record.args.hash]);
    if (record.op === "lease") places.push([record.args.head, record.args.hash]);
    if (record.op === "log")
      for (const { seq, hash } of record.args.entries) if (hash !== undefined) places.push([seq, hash]);
    for (const [seq, hash] of places) {
      const wrong = note(seq, hash, record);
      if (wrong !== undefined) yield wrong;
    }
  }
}

/** The greatest number that was acknowledged before a moment. */
class Acknowledged {
  readonly #times: number[] = [];
  readonly #greatest: { readonly seq: number; readonly record: HistoryRecord }[] = [];

  constructor(records: readonly HistoryRecord[]) {
    const appended = records.filter(
      ({ op, result, position }) =>
        (op === "order" || op === "lift") && result === "ok" && position !== undefined,
    );
    for (const record of appended.toSorted((a, b) => a.t_ret - b.t_ret)) {
      const last = this.#greatest.at(-1);
      const seq = record.position ?? 0;
      this.#times.push(record.t_ret);
      this.#greatest.push(last !== undefined && last.seq >= seq ? last : { seq, record });
    }
  }

  before(moment: number): { readonly seq: number; readonly record: HistoryRecord } | undefined {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) < moment) low = middle + 1;
      else high = middle;
    }
    return this.#greatest[low - 1];
  }
}

/** A1, A2: every definite answer is judged at a place that includes what was acknowledged before it was asked for. */
function* behind({ history }: Facts): Generator<Violation> {
  const acknowledged = new Acknowledged(history.records);
  for (const record of history.records) {
    if (record.op !== "use" || record.result === "info" || record.position === undefined) continue;
    const lag = record.args.verifier === true ? history.maxStalenessMs * clockRate : 0;
    const newest = acknowledged.before(record.t_inv - lag);
    if (newest === undefined || record.position >= newest.seq) continue;
    const what = `${record.node} judged at ${record.position}; ${newest.seq} was acknowledged before`;
    yield about(lag === 0 ? "A1" : "A2", what, [newest.record, record]);
  }
}

/** D2: a lease includes everything that was acknowledged before it was issued, by the wall clock and by the driver's. */
function* leasesLack(records: readonly HistoryRecord[]): Generator<Violation> {
  const acknowledged = new Acknowledged(records);
  const byWall = records
    .filter((record) => record.op === "order")
    .filter(
      ({ result, position, args }) =>
        result === "ok" && position !== undefined && args.returnedAt !== undefined,
    )
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
  for (const lease of records) {
    if (lease.op !== "lease") continue;
    const { head, issuedAt } = lease.args;
    const newest = acknowledged.before(lease.t_inv);
    const missed =
      newest !== undefined && newest.seq > head
        ? newest.record
        : byWall.findLast(
            ({ position, args }) => (position ?? 0) > head && (args.returnedAt ?? issuedAt) < issuedAt,
          );
    if (missed === undefined) continue;
    const what = `a lease at ${head} lacks ${missed.position}, acknowledged before it was issued`;
    yield about("D2", what, [missed, lease]);
  }
}

/** A4: what was acknowledged is on the log. E1: each of its entries has one audit record, and the chain fits. D1: no gap. */
function* logIsWhole(records: readonly HistoryRecord[], log: LogRead): Generator<Violation> {
  const { entries, audited, brokenAt } = log.args;
  const head = entries.at(-1)?.seq ?? 0;
  for (const [index, { seq }] of entries.entries()) {
    const beginsEpoch = seq % epochSize === 1;
    if (index > 0 && !beginsEpoch && seq !== (entries[index - 1]?.seq ?? 0) + 1)
      yield about("D1", `the log lacks ${seq - 1}`, [log]);
  }
  for (const record of records)
    if (
      (record.op === "order" || record.op === "lift") &&
      record.result === "ok" &&
      (record.position ?? 0) > head
    )
      yield about("A4", `${record.position} was acknowledged and is not on the log`, [record]);
  const counts = new Map<number, number>();
  for (const seq of audited) counts.set(seq, (counts.get(seq) ?? 0) + 1);
  for (const { seq, kind } of entries)
    if (kind !== "epoch" && counts.get(seq) !== 1)
      yield about("E1", `${seq} has ${counts.get(seq) ?? 0} audit records`, [log]);
  if (brokenAt !== undefined) yield about("E1", `the audit chain does not fit at ${brokenAt}`, [log]);
}

/** D1: a reader at a position holds as many entries as stand there. */
function* setsAgree({ history }: Facts, log: LogRead): Generator<Violation> {
  const standing = new Map<number, number>();
  let count = 0;
  for (const { seq, kind } of log.args.entries) {
    if (kind === "revoke") count += 1;
    if (kind === "lift") count -= 1;
    standing.set(seq, count);
  }
  // What stood before a restore is not on the log of after it.
  const restored = history.records.filter(({ op, args }) => op === "fault" && args.what === restore);
  const from = Math.max(0, ...restored.map(({ t_ret }) => t_ret));
  for (const record of history.records) {
    if (
      record.op !== "place" ||
      record.t_inv < from ||
      record.position === undefined ||
      record.args.standing === undefined
    )
      continue;
    const expected = standing.get(record.position);
    if (expected === undefined || expected === record.args.standing) continue;
    const what = `${record.node} holds ${record.args.standing} entries at ${record.position}, not ${expected}`;
    yield about("D1", what, [record]);
  }
}

/** D4: once nothing is broken any more, every reader is soon fresh at the head. */
function* lateReaders({ history }: Facts, log: LogRead): Generator<Violation> {
  const mended = Math.max(...history.records.filter(isDisturbance).map(({ t_ret }) => t_ret));
  const head = log.args.entries.at(-1)?.seq ?? 0;
  const places = history.records.filter((record): record is Placed => record.op === "place");
  for (const reader of new Set(places.map(({ node }) => node))) {
    const own = places.filter(({ node }) => node === reader);
    const there = own.find(({ args, position, t_ret }) => args.fresh && position === head && t_ret > mended);
    if (there !== undefined && there.t_ret <= mended + history.convergeMs) continue;
    yield about("D4", `${reader} was not fresh at the head in time`, own.slice(-1));
  }
}

function isDisturbance({ op }: HistoryRecord): boolean {
  return op === "fault" || op === "order" || op === "lift" || op === "refresh" || op === "redeem";
}

function about(invariant: Invariant, what: string, records: readonly HistoryRecord[]): Violation {
  return { invariant, what, things: [], records };
}
