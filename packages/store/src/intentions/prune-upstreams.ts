// Removing what nothing needs any more of upstream tokens: those that are dealt with a month later, then deleted
// providers that have none left. Housekeeping, as prune.ts.

import type { Database } from "../database.ts";

/** Seconds that tokens which are dealt with stay in the list, without what is stored of the token itself. */
const dealtWithStay = 30 * 24 * 60 * 60;

/** One transaction; the number of tokens removed. @param at seconds */
export async function pruneUpstreams(db: Database, at: number, limit: number): Promise<number> {
  const results = await db.executor.apply([
    {
      sql: `DELETE FROM upstream_tokens WHERE id IN (
          SELECT t.id FROM upstream_tokens t WHERE t.finished_at_ms < $1 ORDER BY t.finished_at_ms LIMIT $2)
        RETURNING 1`,
      params: [(Math.floor(at) - dealtWithStay) * 1000, limit],
    },
    {
      sql: `DELETE FROM upstreams WHERE deleted_at_ms < $1
          AND NOT EXISTS (SELECT 1 FROM upstream_tokens t WHERE t.upstream_row = upstreams.id)`,
      params: [(Math.floor(at) - db.graceSeconds) * 1000],
    },
  ]);
  return results[0]?.length ?? 0;
}
