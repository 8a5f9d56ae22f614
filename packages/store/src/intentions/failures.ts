// Failures counted for all nodes, by a digest of what they are counted for: whoever fails may choose that text.

import { createHash } from "node:crypto";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { onlyRow } from "./head.ts";

/** Whether the stored window is still open: one that would end later than a new one is of another clock. */
const isOpen = "failures.ends_ms > rescind_now_ms() AND failures.ends_ms <= rescind_now_ms() + $2";

export async function countFailure(
  db: Database,
  name: string,
  windowMs: number,
): Promise<{ failures: number; endsInMs: number }> {
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO failures (name, tally, ends_ms) VALUES ($1, 1, rescind_now_ms() + $2)
        ON CONFLICT (name) DO UPDATE SET
          tally = CASE WHEN ${isOpen} THEN failures.tally + 1 ELSE 1 END,
          ends_ms = CASE WHEN ${isOpen} THEN failures.ends_ms ELSE excluded.ends_ms END
        RETURNING tally, ends_ms - rescind_now_ms()`,
      params: [createHash("sha256").update(name).digest("base64url"), windowMs],
    },
  ]);
  const columns = new Columns(onlyRow(results[0]));
  return { failures: columns.whole(), endsInMs: Math.max(0, columns.whole()) };
}
