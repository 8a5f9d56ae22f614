// How a conformance test gets its store: a fresh one, closed again whatever happens.

import { test } from "node:test";
import type { Store } from "@rescind/store";

export type Opener = () => Promise<Store>;

export function promise(sentence: string, open: Opener, hold: (store: Store) => Promise<void>): void {
  test(sentence, async () => {
    const store = await open();
    try {
      await hold(store);
    } finally {
      await store.close();
    }
  });
}
