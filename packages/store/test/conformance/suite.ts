// How a conformance test gets its store: a fresh one, closed again whatever happens.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page, PageRequest, Store } from "@rescind/store";

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

/** Every item of a list, page after page. */
export async function allOf<Item>(
  list: (page: PageRequest) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit, cursor });
    assert.ok(page.items.length <= limit);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}
