// Seed and size of random tests: RESCIND_TEST_SEED repeats a run, RESCIND_TEST_LONG=1 runs the stated numbers.

export const seed = Number(process.env.RESCIND_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** How many rounds: a sample, or in the long run the stated number. */
export function rounds(sample: number, long: number): number {
  return process.env.RESCIND_TEST_LONG === "1" ? long : sample;
}

/** Pseudo-random numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
