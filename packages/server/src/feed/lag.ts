// How far behind the log a position is. Numbers may only be subtracted within an epoch: the next one begins far above.

import { epochOf } from "@rescind/core";
import type { Store } from "@rescind/store";

/** Entries after `applied` up to `head`, both numbers of the log; across epochs those that are still kept. */
export async function lagBehind(
  head: number,
  applied: number,
  store: Pick<Store, "countAfter">,
): Promise<number> {
  if (epochOf(head) === epochOf(applied)) return Math.max(0, head - applied);
  return store.countAfter(applied);
}
