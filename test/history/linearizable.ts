// Whether a small history of one token can be put in some order, each answer at one moment between its question and its
// arrival, in which every answer is right: Wing and Gong's search, with what was tried remembered. It knows nothing but
// what an order and a lift are, and is exponential where much overlaps: for up to 50 operations, to test the judge with.

import type { Result } from "./record.ts";

export interface Operation {
  readonly kind: "use" | "order" | "lift";
  /** Of a use: `ok` live, `fail` not. An order or a lift that is `info` may happen at any time after it was asked for, or never. */
  readonly result: Result;
  /** Of an order: its own number; of a lift: that of the order it takes back. */
  readonly order?: number | undefined;
  readonly inv: number;
  readonly ret: number;
}

export function isLinearizable(operations: readonly Operation[]): boolean {
  const last = (operation: Operation): number =>
    operation.result === "info" ? Number.POSITIVE_INFINITY : operation.ret;
  const tried = new Set<string>();
  const search = (done: ReadonlySet<number>, standing: readonly number[]): boolean => {
    const left = operations.map((_, index) => index).filter((index) => !done.has(index));
    if (left.every((index) => operations[index]?.result === "info")) return true;
    const key = `${left.join()};${standing.join()}`;
    if (tried.has(key)) return false;
    tried.add(key);
    const mustBefore = Math.min(...left.flatMap((index) => operations[index] ?? []).map(last));
    return left.some((index) => {
      const operation = operations[index];
      if (operation === undefined || operation.inv > mustBefore) return false;
      const after = afterwards(operation, standing);
      return after !== undefined && search(new Set([...done, index]), after);
    });
  };
  return search(new Set(), []);
}

/** What stands after it; undefined if its answer would be wrong here. */
function afterwards(
  { kind, result, order = 0 }: Operation,
  standing: readonly number[],
): number[] | undefined {
  switch (kind) {
    case "use":
      return (result === "ok") === (standing.length === 0) ? [...standing] : undefined;
    case "order":
      return [...standing, order].toSorted((a, b) => a - b);
    case "lift":
      return standing.includes(order) ? standing.filter((one) => one !== order) : undefined;
  }
}
