// Answers of the admin API under an Idempotency-Key, encrypted, for a day. The first answer stays.

import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";

export async function recallAnswer(
  db: Database,
  key: string,
): Promise<{ request: string; sealed: Uint8Array } | undefined> {
  const [row] = await db.executor.read({
    sql: "SELECT request, sealed FROM answers WHERE idempotency = $1",
    params: [key],
  });
  if (row === undefined) return undefined;
  const columns = new Columns(row);
  return { request: columns.text(), sealed: columns.bytes() };
}

export async function rememberAnswer(
  db: Database,
  key: string,
  request: string,
  sealed: Uint8Array,
  atMs: number,
): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO answers (idempotency, request, sealed, at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (idempotency) DO NOTHING`,
      params: [key, request, sealed, atMs],
    },
  ]);
}
