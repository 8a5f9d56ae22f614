// How often properties run, and from which seed: RESCIND_TEST_SEED repeats a run, RESCIND_TEST_LONG=1 runs the full
// number.
import fc from "fast-check";

const seed = Number(process.env.RESCIND_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const factor = process.env.RESCIND_TEST_LONG === "1" ? 25 : 1;

/** Asserts that a property holds, for `runs` cases in the sample and 25 times as many in the long run. */
export function holds<Arguments>(property: fc.IProperty<Arguments>, runs = 400): void {
  fc.assert(property, { seed, numRuns: runs * factor });
}
