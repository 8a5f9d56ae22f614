// Turns for work that costs memory and a thread of Node's pool, so that logins can exhaust neither.

/** There are too many waiting already. The edge answers 503 with Retry-After. */
export class TooManyWaiting extends Error {
  override readonly name = "TooManyWaiting";
}

/**
 * Lets `atOnce` pieces of work run and `waiting` more wait, in the order they came; the next one is refused.
 * @returns how to do work in turn; it rejects with TooManyWaiting, else as the work does
 */
export function turns(atOnce: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const queue: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) throw new TooManyWaiting("Too much of this work is waiting already.");
      // The one that ends hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => queue.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
