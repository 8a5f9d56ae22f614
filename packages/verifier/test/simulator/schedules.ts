// Many runs of the simulation, one seed after the other; the first that fails says how to repeat it.

import { simulate, type World } from "./simulation.ts";

export interface Sum {
  accepted: number;
  refused: number;
  undecided: number;
}

/** Runs `count` schedules. @throws Error that names the seed, caused by the violation */
export function runSchedules(from: number, count: number, world?: World): Sum {
  const sum: Sum = { accepted: 0, refused: 0, undecided: 0 };
  for (let i = 0; i < count; i++) {
    const seed = (from + i) % 2 ** 31;
    try {
      const { accepted, refused, undecided } = simulate(seed, world);
      sum.accepted += accepted;
      sum.refused += refused;
      sum.undecided += undecided;
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${what} (RESCIND_TEST_SEED=${seed} repeats it as the first schedule)`, { cause });
    }
  }
  return sum;
}
