// What an order covers, and from when until when, as a client can know it: by what a token belongs to (the closure of
// test/model, which shares no code with the server) and by what came before what in time, never by the server's numbers.

import { descends, type Token, type Unit } from "../model/model.ts";
import type { HistoryRecord, Lifted, Ordered, Result, Thing } from "./record.ts";

/** A thing with the request that it came from. */
export interface Born extends Thing {
  readonly inv: number;
  readonly ret: number;
  /** As the model's closure takes it. */
  readonly token: Token;
}

export interface Order {
  readonly unit: Unit;
  readonly suspend: boolean;
  readonly before: number | undefined;
  /** What ordered it. */
  readonly cause: "order" | "refresh replayed" | "code replayed";
  readonly result: Result;
  /** It cannot have been in force before. */
  readonly earliest: number;
  /** It is in force for whatever begins later; infinity where nobody knows. */
  surely: number;
  /** Its request's answer; infinity where none came: it may still have been under way then. */
  readonly latest: number;
  readonly lifts: readonly Lifted[];
  readonly record: HistoryRecord;
}

/** Something that belongs to nothing. */
const nothing: Token = {
  text: "",
  name: "",
  kind: "access",
  foreign: undefined,
  id: undefined,
  client: undefined,
  subject: undefined,
  grant: undefined,
  session: undefined,
  offline: false,
  key: undefined,
  kid: undefined,
  rev: 0,
  authorisedAt: undefined,
  parents: [],
  spent: false,
};

/** Orders of these cover what comes later, too. */
const forGood: readonly Unit["is"][] = ["token", "grant", "signing key", "issuer's token"];

export function coversForGood({ unit, suspend }: Pick<Order, "unit" | "suspend">): boolean {
  return suspend || forGood.includes(unit.is);
}

/** What an order record means; undefined if it has no effect whatever happens. */
export function orderOf(record: Ordered, lifts: readonly Lifted[]): Order | undefined {
  const { args, result } = record;
  if (!args.authorised || result === "fail") return undefined;
  return {
    unit: args.unit,
    suspend: args.suspend,
    before: args.before,
    cause: "order",
    result,
    earliest: record.t_inv,
    surely: result === "ok" ? record.t_ret : Number.POSITIVE_INFINITY,
    latest: result === "ok" ? record.t_ret : Number.POSITIVE_INFINITY,
    lifts: lifts.filter((lift) => mayLift(lift, record)),
    record,
  };
}

/** An order of a narrow unit that found an equal one standing is that one, and is lifted with it, whatever its number. */
function mayLift({ args: lift, result: lifted }: Lifted, record: Ordered): boolean {
  const { args, result, position } = record;
  if (lifted === "fail" || JSON.stringify(lift.unit) !== JSON.stringify(args.unit)) return false;
  if (lift.suspensions || args.suspend) return lift.suspensions && args.suspend;
  if (args.final) return false;
  return lift.lifts === undefined || lift.lifts === position || result === "info" || coversForGood(args);
}

/** Whether something may have taken the order back before `at`. */
export function mayBeLifted({ lifts }: Order, at: number): boolean {
  return lifts.some((lift) => lift.t_inv < at);
}

/**
 * Whether the order was surely taken back for whatever begins at `at`. The entry itself was certainly there then: an
 * administrator lifts only what was answered, and whoever repeats it later orders anew.
 */
export function isSurelyLifted({ lifts, latest, record }: Order, at: number): boolean {
  return lifts.some(
    ({ args, result, t_inv, t_ret }) =>
      result === "ok" && t_ret < at && latest < t_inv && (args.suspensions || args.lifts === record.position),
  );
}

/** The things of a history, and which orders cover which of them. */
export class Coverage {
  readonly #born = new Map<string, Born>();
  readonly #orders: readonly Order[];
  readonly #units = new Map<string, { readonly unit: Unit; readonly orders: Order[] }>();
  readonly #covers = new Map<string, readonly Order[]>();
  readonly #certain = new Map<Order, Map<string, boolean>>();

  constructor(born: ReadonlyMap<string, Born>, orders: readonly Order[]) {
    this.#born = new Map(born);
    this.#orders = orders;
    for (const order of orders) {
      const key = JSON.stringify(order.unit);
      const known = this.#units.get(key);
      if (known === undefined) this.#units.set(key, { unit: order.unit, orders: [order] });
      else known.orders.push(order);
    }
  }

  get orders(): readonly Order[] {
    return this.#orders;
  }

  /** @throws RangeError for a thing that nobody was given */
  thing(name: string): Born {
    const born = this.#born.get(name);
    if (born === undefined) throw new RangeError(`the history uses ${name}, which nobody was given`);
    return born;
  }

  /** Every order of a unit that it belongs to or descends from. */
  of(thing: Born): readonly Order[] {
    const known = this.#covers.get(thing.name);
    if (known !== undefined) return known;
    const found = [...this.#units.values()]
      .filter(({ unit }) => descends(unit, thing.token))
      .flatMap(({ orders }) => orders)
      .filter(({ suspend }) => suspend || thing.kind !== "credential");
    this.#covers.set(thing.name, found);
    return found;
  }

  /** It must cover the thing once it is in force: that was there before, or came from what was covered. */
  isCertain(order: Order, thing: Born): boolean {
    const known = this.#certain.get(order) ?? new Map<string, boolean>();
    this.#certain.set(order, known);
    const answer = known.get(thing.name) ?? this.#judgeCertain(order, thing);
    known.set(thing.name, answer);
    return answer;
  }

  /** It may cover the thing. */
  isPossible(order: Order, thing: Born): boolean {
    if (order.before !== undefined && (thing.authorisedAt ?? 0) > order.before) return false;
    return coversForGood(order) || thing.inv < order.latest;
  }

  #judgeCertain(order: Order, thing: Born): boolean {
    if (!this.of(thing).includes(order)) return false;
    if (coversForGood(order)) return true;
    if (order.before !== undefined) return false;
    if (thing.ret < order.earliest) return true;
    return (thing.evidence ?? []).some((name) => this.isCertain(order, this.thing(name)));
  }
}

/** Things with what the model's closure needs to know of them; parents come before what was exchanged from them. */
export function bear(
  thing: Thing,
  times: { readonly inv: number; readonly ret: number },
  known: ReadonlyMap<string, Born>,
): Born {
  const parents = (thing.parents ?? []).flatMap((name) => known.get(name)?.token ?? []);
  const { kind: _, evidence: __, parents: ___, ...facts } = thing;
  const own = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { ...thing, ...times, token: { ...nothing, ...own, rev: thing.rev ?? 0, parents } };
}
