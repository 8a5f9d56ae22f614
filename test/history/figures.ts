// What a history was made of, for people: operations by kind, answers, faults.

import type { History, HistoryRecord } from "./record.ts";

export interface Figures {
  readonly operations: number;
  readonly checks: number;
  readonly orders: number;
  readonly lifts: number;
  readonly faults: number;
  /** Without an answer. */
  readonly info: number;
}

export function figuresOf({ records }: History): Figures {
  const count = (fits: (record: HistoryRecord) => boolean): number => records.filter(fits).length;
  const isOperation = ({ op }: HistoryRecord): boolean => op !== "fault" && op !== "log" && op !== "place";
  return {
    operations: count(isOperation),
    checks: count(({ op, result }) => op === "use" && result !== "info"),
    orders: count(({ op, result }) => op === "order" && result === "ok"),
    lifts: count(({ op, result }) => op === "lift" && result === "ok"),
    faults: count(({ op }) => op === "fault"),
    info: count((record) => isOperation(record) && record.result === "info"),
  };
}

export function tellFigures(figures: Figures): string {
  const { operations, checks, orders, lifts, faults, info } = figures;
  return `${operations} operations: ${checks} checks, ${orders} orders, ${lifts} lifts; ${info} without an answer; ${faults} faults`;
}

export function sumOf(all: readonly Figures[]): Figures {
  const none: Figures = { operations: 0, checks: 0, orders: 0, lifts: 0, faults: 0, info: 0 };
  return all.reduce(
    (sum, one) => ({
      operations: sum.operations + one.operations,
      checks: sum.checks + one.checks,
      orders: sum.orders + one.orders,
      lifts: sum.lifts + one.lifts,
      faults: sum.faults + one.faults,
      info: sum.info + one.info,
    }),
    none,
  );
}
