// How often properties run, and from which seed: RESCIND_TEST_SEED repeats a run, RESCIND_TEST_LONG=1 runs the full
// number.

export const seed = Number(process.env.RESCIND_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

export const isLong = process.env.RESCIND_TEST_LONG === "1";

/** `runs` in a short run, a hundred times as many in a long one; a failure names the seed. */
export function thorough(runs: number): { seed: number; numRuns: number } {
  return { seed, numRuns: isLong ? runs * 100 : runs };
}
