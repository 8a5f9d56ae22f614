// When grants and clients were last used: gathered in memory and written every few seconds, since nothing but lists
// for people depends on it.

import type { Store } from "@rescind/store";

export interface LastUses {
  /** `grantId` is absent for client credentials; milliseconds since 1970. */
  note(clientId: string, grantId: string | undefined, atMs: number): void;
  /** Writes what was gathered. */
  flush(): Promise<void>;
}

export function lastUses(store: Pick<Store, "noteUses">): LastUses {
  let gathered = new Map<string, { clientId: string; grantId: string | undefined; atMs: number }>();
  return {
    note(clientId, grantId, atMs) {
      gathered.set(grantId ?? `client ${clientId}`, { clientId, grantId, atMs });
    },
    async flush() {
      if (gathered.size === 0) return;
      const uses = [...gathered.values()];
      gathered = new Map();
      await store.noteUses(uses);
    },
  };
}
