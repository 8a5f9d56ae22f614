// Answers that wait until the cache has what they are about: for half a second at most.

/** Milliseconds that an answer waits for the cache at most. */
export const waitMs = 500;

/** What became of an answer that waited; "late": it waited in vain, "given up": the cache went away meanwhile. */
type Ending = "reached" | "late" | "given up";

interface Waiting {
  readonly seq: number;
  end(how: Ending): void;
}

export class WaitingAnswers {
  readonly #waiting = new Set<Waiting>();
  #late = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Answers that went out without knowing that the cache has what they are about. */
  get late(): number {
    return this.#late;
  }

  /** One did not wait at all. */
  passed(): void {
    this.#late += 1;
  }

  /** Resolves to "reached" when `reached(seq)` was said, to "given up" by `giveUp`, else to "late". */
  for(seq: number): Promise<Ending> {
    return new Promise((settle) => {
      const deadline = setTimeout(() => one.end("late"), waitMs);
      const one: Waiting = {
        seq,
        end: (how) => {
          clearTimeout(deadline);
          this.#waiting.delete(one);
          if (how !== "reached") this.#late += 1;
          settle(how);
        },
      };
      this.#waiting.add(one);
    });
  }

  reached(seq: number): void {
    for (const one of this.#waiting) if (one.seq <= seq) one.end("reached");
  }

  /** The cache will not have it soon: nothing waits any longer. */
  giveUp(): void {
    for (const one of this.#waiting) one.end("given up");
  }
}
