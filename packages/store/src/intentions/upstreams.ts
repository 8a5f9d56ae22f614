// Upstream providers as registered. Names may be used again, rows never are: what hangs on a deleted one does not come
// back with another of the same name.

import type { RowId, Upstream } from "@rescind/core";
import { Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { StoredUpstream } from "../store.ts";
import { raiseCatalog } from "./clients.ts";

/** The columns of a provider as `takeUpstream` takes them. */
export const upstreamColumns = "CAST(p.id AS TEXT), p.definition, p.sealed, p.created_at_ms, p.changed_at_ms";

export async function createUpstream(
  db: Database,
  { row, upstream, sealedSecret, createdAtMs }: Omit<StoredUpstream, "changedAtMs">,
): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO upstreams (id, slug, definition, sealed, created_at_ms, changed_at_ms)
        VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING RETURNING 1`,
      params: [BigInt(row), upstream.upstreamId, JSON.stringify(upstream), orNull(sealedSecret), createdAtMs],
    },
    raiseCatalog(),
  ]);
  return results[0]?.length === 1;
}

export async function updateUpstream(
  db: Database,
  { row, upstream, sealedSecret, changedAtMs }: Omit<StoredUpstream, "createdAtMs">,
): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `UPDATE upstreams SET definition = $2, sealed = $3, changed_at_ms = $4
        WHERE id = $1 AND deleted_at_ms IS NULL RETURNING 1`,
      params: [BigInt(row), JSON.stringify(upstream), orNull(sealedSecret), changedAtMs],
    },
    raiseCatalog(),
  ]);
  return results[0]?.length === 1;
}

export async function deleteUpstream(db: Database, row: RowId, atMs: number): Promise<boolean> {
  const params = [BigInt(row), atMs];
  const results = await db.executor.apply([
    {
      sql: "UPDATE upstreams SET deleted_at_ms = $2 WHERE id = $1 AND deleted_at_ms IS NULL RETURNING 1",
      params,
    },
    { sql: "DELETE FROM identities WHERE upstream_row = $1", params: [BigInt(row)] },
    {
      sql: `UPDATE upstream_tokens SET status = 'pending', ended_by = 'provider_deleted', next_attempt_ms = $2
        WHERE upstream_row = $1 AND status = 'held'`,
      params,
    },
    raiseCatalog(),
  ]);
  return results[0]?.length === 1;
}

export async function listUpstreams(db: Database): Promise<readonly StoredUpstream[]> {
  const rows = await db.executor.read({
    sql: `SELECT ${upstreamColumns} FROM upstreams p WHERE p.deleted_at_ms IS NULL ORDER BY p.slug`,
    params: [],
  });
  return rows.map((row) => takeUpstream(new Columns(row)));
}

/** Takes the five columns of a provider. */
export function takeUpstream(columns: Columns): StoredUpstream {
  return {
    row: columns.text(),
    upstream: JSON.parse(columns.text()) as Upstream, // parsing boundary: written by `createUpstream`
    sealedSecret: columns.optionalBytes(),
    createdAtMs: columns.whole(),
    changedAtMs: columns.whole(),
  };
}
