// How the statements of a moment's writes stand in their transaction: one by one, but for orders, which all go in one
// statement before the rest, so that the head is read and written once for all of them.

import type { Row, Statement } from "../executor.ts";
import { appendedTogether, appendsOrders, rowsOfEach } from "./appending.ts";

interface Arranged {
  readonly statements: readonly Statement[];
}

const none: readonly Row[] = [];

export class Arrangement<Write extends Arranged> {
  readonly writes: readonly Write[];
  readonly statements: readonly Statement[];
  /** Those whose first statement stands in the first of these. */
  readonly #together: readonly Write[];

  constructor(writes: readonly Write[]) {
    this.writes = writes;
    this.#together = writes.filter(mayShare);
    const shared = this.#together.flatMap(({ statements }) => statements.slice(0, 1));
    this.statements = [
      ...(shared.length === 0 ? [] : [appendedTogether(shared)]),
      ...writes.flatMap((write) => this.#own(write)),
    ];
  }

  /** The results of each write's statements, from those of all. */
  resultsOf(done: readonly (readonly Row[])[]): (readonly (readonly Row[])[])[] {
    const shared = this.#together.flatMap(({ statements }) => statements.slice(0, 1));
    const appended = rowsOfEach(shared, done[0] ?? none);
    let place = shared.length === 0 ? 0 : 1;
    let next = 0;
    return this.writes.map((write) => {
      const own = done.slice(place, place + this.#own(write).length);
      place += own.length;
      return mayShare(write) ? [appended[next++] ?? none, ...own] : own;
    });
  }

  /** Whose the statement at this place is. */
  writesAt(place: number): readonly Write[] {
    if (place < 0) return [];
    if (place === 0 && this.#together.length > 0) return this.#together;
    let end = this.#together.length === 0 ? 0 : 1;
    for (const write of this.writes) {
      end += this.#own(write).length;
      if (place < end) return [write];
    }
    return [];
  }

  #own(write: Write): readonly Statement[] {
    const own = mayShare(write) ? write.statements.slice(1) : write.statements;
    return own.map((statement) => (appendsOrders(statement) ? appendedTogether([statement]) : statement));
  }
}

/** It begins with orders, and nothing after them asks what the head says of the last one. */
function mayShare({ statements: [first, ...rest] }: Arranged): boolean {
  return first !== undefined && appendsOrders(first) && rest.every(({ sql }) => !sql.includes("feed_head"));
}
