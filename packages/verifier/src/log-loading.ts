// The log as it is taken from the beginning, by a snapshot or by pages, beside what the set holds; whatever does not fit
// ends it. The reader's first phase (feed-reader.ts), without its retries.

import { emptyRecord, epochOf, type ParsedSnapshot, type Position, type SetLoading } from "@rescind/core";
import type { FeedPage } from "./feed-page.ts";

/** The records of a snapshot from one up to, and without, another. */
export interface SnapshotSlice {
  readonly snapshot: Pick<ParsedSnapshot, "count" | "read">;
  readonly from: number;
  readonly to: number;
}

/** `more`: goes on after this number. `loaded`: the set holds the log up to its head. `wrong`: begin again. */
export type PageTaken =
  | { readonly kind: "more"; readonly after: number }
  | { readonly kind: "loaded" | "wrong" };

const wrong: PageTaken = { kind: "wrong" };

export class LogLoading {
  readonly #begin: (expected?: number) => SetLoading;
  #set: SetLoading;
  #last = 0;
  #epoch: number | undefined;
  readonly #record = emptyRecord();

  /** `begin` begins to fill a set. */
  constructor(begin: (expected?: number) => SetLoading) {
    this.#begin = begin;
    this.#set = begin();
  }

  /** Takes records of a snapshot; false if one is not understood or out of order. */
  takeRecords({ snapshot, from, to }: SnapshotSlice): boolean {
    if (from === 0) this.#set = this.#begin(snapshot.count);
    const record = this.#record;
    for (let index = from; index < to; index++) {
      if (!snapshot.read(index, record) || record.seq <= this.#last) return false;
      this.#set.takeRecord(record);
      this.#last = record.seq;
    }
    return true;
  }

  /** These were all records: the set holds what stands at this position; false if some lie beyond it. */
  finishSnapshot(position: Position): boolean {
    if (this.#last > position.seq) return false;
    this.#set.finish(position);
    return true;
  }

  takePage(page: FeedPage): PageTaken {
    const epoch = epochOf(page.head);
    // A restore between two pages: what the earlier ones held need not be on the log any more.
    if (this.#epoch !== undefined && this.#epoch !== epoch) return wrong;
    this.#epoch = epoch;
    const before = this.#last;
    const first = page.entries.at(0);
    if (first !== undefined && first.seq <= before) return wrong;
    for (const entry of page.entries) this.#set.take(entry);
    const last = page.entries.at(-1)?.seq;
    this.#last = last ?? before;
    // Short of the head without more to come: what came last was removed. An empty page then names the head.
    if (page.more || (last !== undefined && last < page.head))
      return last === undefined ? wrong : { kind: "more", after: last };
    if (page.head < before) return wrong;
    this.#set.finish({ seq: page.head, hash: page.hash });
    return { kind: "loaded" };
  }
}
