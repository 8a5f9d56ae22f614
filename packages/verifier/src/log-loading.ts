// The log as it is taken from the beginning, by a snapshot or by pages, beside what the set holds; whatever does not fit
// ends it. The reader's first phase (feed-reader.ts), without its retries.

import { epochOf, type Position, type RevokeEntry, type SetLoading } from "@rescind/core";
import type { FeedPage } from "./feed-page.ts";

/** `more`: goes on after this number. `loaded`: the set holds the log up to its head. `wrong`: begin again. */
export type PageTaken =
  | { readonly kind: "more"; readonly after: number }
  | { readonly kind: "loaded" | "wrong" };

const wrong: PageTaken = { kind: "wrong" };

export class LogLoading {
  readonly #set: SetLoading;
  #last = 0;
  #epoch: number | undefined;

  constructor(set: SetLoading) {
    this.#set = set;
  }

  /** Takes records of a snapshot; false if they are out of order. */
  takeRecords(entries: readonly RevokeEntry[]): boolean {
    for (const entry of entries) {
      if (entry.seq <= this.#last) return false;
      this.#set.take(entry);
      this.#last = entry.seq;
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
