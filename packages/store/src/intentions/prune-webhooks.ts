// Removing what nothing needs any more of webhooks: deliveries a month after their end, then subscriptions that have
// ended, by an order or with their grant, and have nothing left. Housekeeping, as prune.ts.

import type { Database } from "../database.ts";

/** Seconds that finished deliveries stay, to be looked at and sent again. */
const deliveriesStay = 30 * 24 * 60 * 60;

/** One transaction; the number of deliveries removed. @param at seconds */
export async function pruneWebhooks(db: Database, at: number, limit: number): Promise<number> {
  const now = Math.floor(at);
  const nothingLeft = "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscription_id = s.id)";
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM deliveries WHERE id IN (
          SELECT d.id FROM deliveries d WHERE d.finished_at_ms < $1 ORDER BY d.finished_at_ms LIMIT $2)
        RETURNING 1`,
      params: [(now - deliveriesStay) * 1000, limit],
    },
    {
      sql: `DELETE FROM subscriptions WHERE id IN (
          SELECT s.id FROM subscriptions s
          WHERE s.cancelled_by IS NOT NULL AND s.cursor >= s.cancelled_by AND ${nothingLeft} LIMIT $1)`,
      params: [limit],
    },
    {
      sql: `DELETE FROM subscriptions WHERE id IN (
          SELECT s.id FROM subscriptions s WHERE s.expires_s < $1 AND ${nothingLeft} LIMIT $2)`,
      params: [now - db.graceSeconds, limit],
    },
  ]);
  return results[0]?.length ?? 0;
}
