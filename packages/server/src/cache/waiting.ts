// Answers that wait until the cache has what they are about: for half a second at most.

/** Milliseconds that an answer waits for the cache at most. */
export const waitMs = 500;

interface Waiting {
  readonly seq: number;
  end(): void;
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

  /** Resolves to "reached" when `reached(seq)` was said, else to "late". */
  for(seq: number): Promise<"reached" | "late"> {
    return new Promise((settle) => {
      const deadline = setTimeout(() => {
        this.#late += 1;
        this.#waiting.delete(one);
        settle("late");
      }, waitMs);
      const one: Waiting = {
        seq,
        end: () => {
          clearTimeout(deadline);
          this.#waiting.delete(one);
          settle("reached");
        },
      };
      this.#waiting.add(one);
    });
  }

  reached(seq: number): void {
    for (const one of this.#waiting) if (one.seq <= seq) one.end();
  }
}
