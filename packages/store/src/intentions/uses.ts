// When grants and clients were last used: for people, kept apart from the rows themselves and written now and then. That
// a grant was used by a rotation stands with the token it spent already.

import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";

/** Notes in one transaction: others' writes go between, and tens of thousands would hold these up for long. */
const atOnce = 200;

export async function noteUses(
  db: Database,
  uses: readonly { grantId?: string | undefined; clientId: string; atMs: number }[],
): Promise<void> {
  const latest = new Map<string, Statement>();
  for (const { grantId, clientId, atMs } of [...uses].sort((a, b) => a.atMs - b.atMs)) {
    if (grantId !== undefined) latest.set(`grant ${grantId}`, noteUse("grant", grantId, atMs));
    latest.set(`client ${clientId}`, noteUse("client", clientId, atMs));
  }
  // In the order of their names, so that two nodes take the rows' locks in one order.
  const statements = [...latest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, statement]) => statement);
  for (let at = 0; at < statements.length; at += atOnce)
    await db.executor.apply(statements.slice(at, at + atOnce));
}

/** Of the newest of a grant's refresh tokens one is unspent; nodes whose clocks differ may have numbered others in between. */
const newest = 4;

/** When a grant was last used, as an expression; null for never. `grantRow`: where the id of its row stands. */
export function lastUseOf(grantRow: string): string {
  return `(SELECT max(m.at_ms) FROM (
          SELECT u.at_ms FROM last_used u WHERE u.kind = 'grant' AND u.id = 'gnt_' || ${grantRow}
          UNION ALL SELECT n.at_ms FROM (SELECT s.spent_at_ms AS at_ms FROM refresh_tokens s
            WHERE s.grant_id = ${grantRow} ORDER BY s.id DESC LIMIT ${newest}) n) m)`;
}

function noteUse(kind: "grant" | "client", id: string, atMs: number): Statement {
  return {
    sql: `INSERT INTO last_used (kind, id, at_ms) VALUES ($1, $2, $3)
      ON CONFLICT (kind, id) DO UPDATE SET at_ms = excluded.at_ms WHERE last_used.at_ms < excluded.at_ms`,
    params: [kind, id, atMs],
  };
}
