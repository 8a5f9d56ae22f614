// How the fleet stood in the last day, a point a minute, in this node's memory: each node looks at the verifiers of all,
// so each tells the same from its own start on. For people to look at; nothing is decided by it.

import { type Fleet, keyOf } from "./fleet.ts";

export interface FleetPoint {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Verifiers whose last lease might still be in force, and those that had none any more. */
  readonly fresh: number;
  readonly stale: number;
  /** Entries that the furthest behind had not applied. */
  readonly lag: number;
}

export interface FleetHistory {
  /** Adds a point. */
  note(): Promise<void>;
  /** Oldest first, how it is now as the last; of one verifier where its key is given, as `keyOf` makes it. */
  read(key?: string): Promise<readonly FleetPoint[]>;
}

export interface FleetHistoryParts {
  readonly fleet: Pick<Fleet, "list">;
  /** Entries between a position and the log's head. */
  readonly lagOf: (appliedSeq: number) => Promise<number>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const points = 24 * 60;
/** With a history of their own; the others are in the fleet's only. */
const mostVerifiers = 500;
const notThere = -1;
const mostLag = 2 ** 30 - 1;

interface Look {
  readonly whole: FleetPoint;
  readonly each: ReadonlyMap<string, { readonly fresh: boolean; readonly lag: number }>;
}

export function fleetHistory({ fleet, lagOf, now }: FleetHistoryParts): FleetHistory {
  const whole: FleetPoint[] = [];
  /** A number for each point: the lag, twice, and one more where it was fresh. */
  const each = new Map<string, Int32Array>();
  let count = 0;

  const look = async (): Promise<Look> => {
    const lags = new Map<number, number>();
    const known = new Map<string, { readonly fresh: boolean; readonly lag: number }>();
    let [stale, most] = [0, 0];
    const all = await fleet.list();
    for (const { verifier, fresh } of all) {
      const { seq } = verifier.applied;
      const lag = lags.get(seq) ?? (await lagOf(seq));
      lags.set(seq, lag);
      known.set(keyOf(verifier), { fresh, lag });
      if (!fresh) stale += 1;
      most = Math.max(most, lag);
    }
    return { whole: { atMs: now(), fresh: all.length - stale, stale, lag: most }, each: known };
  };
  return {
    async note() {
      const seen = await look();
      const place = count % points;
      whole[place] = seen.whole;
      for (const [key, values] of each) {
        values[place] = notThere;
        if (!seen.each.has(key)) each.delete(key); // not met for a day: nothing of it is left
      }
      for (const [key, { fresh, lag }] of seen.each) {
        if (!each.has(key) && each.size < mostVerifiers) each.set(key, new Int32Array(points).fill(notThere));
        const values = each.get(key);
        if (values !== undefined) values[place] = 2 * Math.min(lag, mostLag) + (fresh ? 1 : 0);
      }
      count += 1;
    },
    async read(key) {
      const current = await look();
      const first = Math.max(0, count - points);
      const places = Array.from({ length: count - first }, (_, n) => (first + n) % points);
      if (key === undefined) return [...places.flatMap((place) => whole[place] ?? []), current.whole];
      const here = current.each.get(key);
      if (here === undefined) return [];
      const before = places.flatMap((place) => pointOf(whole[place]?.atMs, each.get(key)?.[place]) ?? []);
      return [...before, oneVerifier(current.whole.atMs, here.fresh, here.lag)];
    },
  };
}

function pointOf(atMs: number | undefined, value = notThere): FleetPoint | undefined {
  return atMs === undefined || value === notThere
    ? undefined
    : oneVerifier(atMs, value % 2 === 1, value >> 1);
}

function oneVerifier(atMs: number, isFresh: boolean, lag: number): FleetPoint {
  return { atMs, fresh: isFresh ? 1 : 0, stale: isFresh ? 0 : 1, lag };
}
