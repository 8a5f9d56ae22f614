// One read of the log's head for all leases of a moment: a thousand verifiers ask the database a few times a second, not a
// thousand times. DESIGN.md section 5. The read begins after the last of them asked, so that each gets what it would have
// read by itself (FAULTS D2).

import type { Head, Store } from "@rescind/store";

/** The head, by a query that begins after the call. @throws StoreUnavailable */
export type SharedHead = () => Promise<Head>;

export function sharedHead(store: Pick<Store, "head">): SharedHead {
  let next: Promise<Head> | undefined;
  return () => {
    next ??= new Promise((resolve, reject) => {
      // Requests that came in together are all read before this runs.
      setImmediate(() => {
        next = undefined;
        store.head().then(resolve, reject);
      });
    });
    return next;
  };
}
