// Seeded randomness, so that a failed run can be repeated: RESCIND_TEST_SEED. mulberry32, a public-domain generator.

export interface Random {
  /** A whole number from 0 up to and without `limit`. */
  below(limit: number): number;
  /** @throws RangeError for an empty list */
  pick<Item>(items: readonly Item[]): Item;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
  };
}

/** The seed of this run: RESCIND_TEST_SEED, or one of its own. */
export function testSeed(): number {
  return Number(process.env.RESCIND_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
}
