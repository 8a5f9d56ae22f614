// Turns: work that one node does at a time. A claim in a row, since session locks are lost in a pooler.

import type { Database } from "../database.ts";

/** Milliseconds; nobody claims for so long, so a turn that ends later was claimed before the clock was set back. */
const longestTurn = 600_000;

export async function claimTurn(db: Database, name: string, holder: string, forMs: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO turns (name, holder, until_ms) VALUES ($1, $2, rescind_now_ms() + $3)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
        WHERE turns.holder = excluded.holder OR turns.until_ms <= rescind_now_ms()
          OR turns.until_ms > rescind_now_ms() + $4
        RETURNING 1`,
      params: [name, holder, Math.min(forMs, longestTurn), longestTurn],
    },
  ]);
  return results[0]?.length === 1;
}

export async function endTurn(db: Database, name: string, holder: string): Promise<void> {
  await db.executor.apply([
    { sql: "DELETE FROM turns WHERE name = $1 AND holder = $2", params: [name, holder] },
  ]);
}
