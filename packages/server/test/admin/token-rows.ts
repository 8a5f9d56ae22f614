// Many tokens at once: rows like that of one token, for tests of large orders, to which issuing them does not belong.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The server's database, opened beside it; waits for its writer. */
export function databaseOf(server: { readonly data: string }): DatabaseSync {
  return new DatabaseSync(join(server.data, "rescind.db"), { timeout: 20_000 });
}

/** Stores so many more tokens like this one, before it in time; their ids. */
export function tokenRows(server: { readonly data: string }, tokenId: string, count: number): string[] {
  const row = BigInt(tokenId.replace("tid_", ""));
  const file = databaseOf(server);
  file.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO access_tokens (id, digest, client_id, grant_id, subject, scope, audience, rev, iat, exp, offline, lineage)
    SELECT t.id - n.i, t.digest, t.client_id, t.grant_id, t.subject, t.scope, t.audience, t.rev, t.iat, t.exp, t.offline,
      t.lineage FROM access_tokens t, n WHERE t.id = ${row}`);
  file.close();
  return Array.from({ length: count }, (_, index) => `tid_${row - BigInt(index + 1)}`);
}
