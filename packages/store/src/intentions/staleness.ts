// The longest `max_staleness` that a lease was ever given for: for so long after a start nobody knows how many verifiers
// there are.

import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { onlyRow } from "./head.ts";

export async function longestStaleness(db: Database): Promise<number> {
  const rows = await db.executor.read({ sql: "SELECT u.longest_staleness_s FROM upkeep u", params: [] });
  return new Columns(onlyRow(rows)).whole();
}

/** Reads first: leases come by the thousand, and hardly one of them raises it. */
export async function raiseLongestStaleness(db: Database, seconds: number): Promise<void> {
  if (seconds <= (await longestStaleness(db))) return;
  await db.executor.apply([
    {
      sql: "UPDATE upkeep SET longest_staleness_s = $1 WHERE longest_staleness_s < $1",
      params: [Math.ceil(seconds)],
    },
  ]);
}
