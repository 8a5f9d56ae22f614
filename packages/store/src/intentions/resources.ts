// Resource servers as registered (RFC 8707).

import type { Resource } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { raiseCatalog } from "./clients.ts";
import { raiseLongest } from "./head.ts";

export async function putResource(db: Database, resource: Resource, atMs: number): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO resources (resource, definition, changed_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (resource) DO UPDATE SET definition = excluded.definition, changed_at_ms = excluded.changed_at_ms`,
      params: [resource.resource, JSON.stringify(resource), atMs],
    },
    raiseCatalog(),
    raiseLongest({ accessToken: resource.accessTokenTtl ?? 0, grant: 0 }),
  ]);
}

export async function listResources(db: Database): Promise<readonly Resource[]> {
  const rows = await db.executor.read({
    sql: "SELECT definition FROM resources ORDER BY resource",
    params: [],
  });
  return rows.map((row) => parseResource(new Columns(row).text()));
}

/** JSON leaves out members that are undefined; here every member of the type is present again. */
function parseResource(definition: string): Resource {
  const absent = { name: undefined, accessTokenFormat: undefined, accessTokenTtl: undefined };
  return { ...absent, ...(JSON.parse(definition) as Resource) }; // parsing boundary: written by `putResource`
}
