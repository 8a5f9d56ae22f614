// Foreign issuers as registered: whose JWTs can be revoked here.

import type { ForeignIssuer } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import { raiseCatalog } from "./clients.ts";
import { raiseLongest } from "./head.ts";

export async function putIssuer(db: Database, issuer: ForeignIssuer, atMs: number): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO issuers (issuer, definition, created_at_ms, changed_at_ms) VALUES ($1, $2, $3, $3)
        ON CONFLICT (issuer) DO UPDATE SET definition = excluded.definition, changed_at_ms = excluded.changed_at_ms`,
      params: [issuer.issuer, JSON.stringify(issuer), atMs],
    },
    raiseCatalog(),
    raiseLongest({ accessToken: issuer.maxTokenTtl, grant: 0 }),
  ]);
}

export async function listIssuers(
  db: Database,
): Promise<readonly (ForeignIssuer & { createdAtMs: number })[]> {
  const rows = await db.executor.read({
    sql: "SELECT definition, created_at_ms FROM issuers ORDER BY issuer",
    params: [],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    const issuer = JSON.parse(columns.text()) as ForeignIssuer; // parsing boundary: written by `putIssuer`
    return { ...issuer, createdAtMs: columns.whole() };
  });
}
