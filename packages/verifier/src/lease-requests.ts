// When to ask for a lease: regularly, and at once for an entry whose acknowledgement somebody waits for. DESIGN.md
// section 5. Many such entries share one request, so that what comes in at the server stays flat.

import type { Position } from "@rescind/core";
import type { Instant } from "./clock.ts";
import type { Freshness } from "./freshness.ts";
import type { ReaderAction } from "./reader-events.ts";

/** Requests under way at once; a server that does not answer gets no more. */
const mostAsking = 8;

export class LeaseRequests {
  readonly #freshness: Freshness;
  #last = 0;
  /** The highest entry somebody waits for that no request covers yet. */
  #wanted = 0;
  /** The request under way that was sent because of one. */
  #urgent: { readonly lease: number; readonly applied: number } | undefined;

  constructor(freshness: Freshness) {
    this.#freshness = freshness;
  }

  /** Nothing that was asked before matters any more. */
  restart(): void {
    this.#wanted = 0;
    this.#urgent = undefined;
  }

  /** Somebody waits for this entry, which has been applied. */
  want(seq: number): void {
    this.#wanted = seq;
  }

  askRegularly(applied: Position, now: Instant): ReaderAction[] {
    return this.#freshness.asking < mostAsking ? [this.#ask(applied, now)] : [];
  }

  /** Asks at once where somebody waits, one request at a time. */
  askIfWanted(applied: Position, now: Instant): ReaderAction[] {
    if (this.#wanted === 0 || this.#urgent !== undefined) return [];
    const ask = this.#ask(applied, now);
    this.#urgent = { lease: this.#last, applied: applied.seq };
    return [ask];
  }

  /** An answer came: asks again for what was applied since. */
  answered(lease: number, applied: Position, now: Instant): ReaderAction[] {
    if (this.#urgent?.lease !== lease) return [];
    if (this.#wanted <= this.#urgent.applied) this.#wanted = 0;
    this.#urgent = undefined;
    return this.askIfWanted(applied, now);
  }

  /** No answer came. The next regular request carries what this one should have; asking at once would be a storm. */
  failed(lease: number): void {
    if (this.#urgent?.lease === lease) this.restart();
  }

  #ask(applied: Position, now: Instant): ReaderAction {
    const lease = ++this.#last;
    this.#freshness.asked(lease, now, applied);
    return { kind: "ask-lease", lease, applied };
  }
}
