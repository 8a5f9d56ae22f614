// When grants and clients were last used: gathered in memory and written every few seconds, since nothing but lists
// for people depends on it.

import type { Store } from "@rescind/store";

export interface LastUses {
  /** `grantId` is absent for client credentials and for rotations, which the store knows of; milliseconds since 1970. */
  note(clientId: string, grantId: string | undefined, atMs: number): void;
  /** Writes what was gathered. */
  flush(): Promise<void>;
}

interface Use {
  readonly clientId: string;
  readonly grantId: string | undefined;
  atMs: number;
}

export function lastUses(store: Pick<Store, "noteUses">): LastUses {
  let ofGrants = new Map<string, Use>();
  let ofClients = new Map<string, Use>();
  return {
    note(clientId, grantId, atMs) {
      const uses = grantId === undefined ? ofClients : ofGrants;
      const name = grantId ?? clientId;
      const known = uses.get(name);
      if (known === undefined) uses.set(name, { clientId, grantId, atMs });
      else known.atMs = atMs;
    },
    async flush() {
      const uses = [...ofGrants.values(), ...ofClients.values()];
      if (uses.length === 0) return;
      ofGrants = new Map();
      ofClients = new Map();
      await store.noteUses(uses);
    },
  };
}
