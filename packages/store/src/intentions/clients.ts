// Clients and their consumer keys as registered. Whether one is suspended stands on the log, not here.

import { type Client, type ConsumerKey, parseId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { FoundClient, Page, PageRequest, TokenDigest } from "../store.ts";
import { beforeCursor, pageOf } from "./cursor.ts";
import { onlyRow, takeHead } from "./head.ts";

type ListedClient = { client: Client; keys: readonly ConsumerKey[]; createdAtMs: number };

export async function findClient(db: Database, clientId: string): Promise<FoundClient> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        l.definition, l.created_at_ms, k.key_id, k.client_id, k.digest
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN clients l ON l.client_id = $1
        LEFT JOIN consumer_keys k ON k.client_id = l.client_id
      ORDER BY k.created_at_ms, k.key_id`,
    params: [clientId],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, client: undefined, keys: [], createdAtMs: undefined };
  const client = parseClient(columns.text());
  const createdAtMs = columns.whole();
  const keys = rows.flatMap((row) => {
    const rest = new Columns(row.slice(8));
    return rest.isNull() ? [] : [takeKey(rest)];
  });
  return { head, client, keys, createdAtMs };
}

export async function createClient(
  db: Database,
  client: Client,
  keys: readonly ConsumerKey[],
  atMs: number,
): Promise<boolean> {
  const id = BigInt(db.ids.next());
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO clients (id, client_id, definition, created_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING RETURNING 1`,
      params: [id, client.clientId, JSON.stringify(client), atMs],
    },
    ...keys.map((key) => ({
      sql: `INSERT INTO consumer_keys (key_id, row_id, client_id, digest, created_at_ms)
        SELECT $1, $2, $3, $4, $5 FROM clients l WHERE l.id = $6`,
      params: [...keyParams(key, atMs), id],
    })),
    ...storeOrigins(client, id),
    ...raiseFor(client, id),
  ]);
  return results[0]?.length === 1;
}

export async function updateClient(db: Database, client: Client): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: "UPDATE clients SET definition = $2 WHERE client_id = $1 RETURNING 1",
      params: [client.clientId, JSON.stringify(client)],
    },
    { sql: "DELETE FROM client_origins WHERE client_id = $1", params: [client.clientId] },
    ...storeOrigins(client, null),
    ...raiseFor(client, null),
  ]);
  return results[0]?.length === 1;
}

export async function addConsumerKey(db: Database, key: ConsumerKey, atMs: number): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: `INSERT INTO consumer_keys (key_id, row_id, client_id, digest, created_at_ms)
        SELECT $1, $2, $3, $4, $5 FROM clients l WHERE l.client_id = $3
        ON CONFLICT (key_id) DO NOTHING RETURNING 1`,
      params: keyParams(key, atMs),
    },
    raiseCatalog(),
  ]);
  return results[0]?.length === 1;
}

export async function replaceKeyDigest(
  db: Database,
  keyId: string,
  { from, to }: { readonly from: TokenDigest; readonly to: TokenDigest },
): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: "UPDATE consumer_keys SET digest = $3 WHERE key_id = $1 AND digest = $2 RETURNING 1",
      params: [keyId, from, to],
    },
    raiseCatalog(),
  ]);
  return results[0]?.length === 1;
}

export async function findConsumerKey(db: Database, keyId: string): Promise<ConsumerKey | undefined> {
  const [row] = await db.executor.read({
    sql: "SELECT k.key_id, k.client_id, k.digest FROM consumer_keys k WHERE k.key_id = $1",
    params: [keyId],
  });
  return row === undefined ? undefined : takeKey(new Columns(row));
}

export async function listClients(db: Database, page: PageRequest): Promise<Page<ListedClient>> {
  const rows = await db.executor.read({
    sql: `SELECT CAST(l.id AS TEXT), l.definition, l.created_at_ms, k.key_id, k.client_id, k.digest
      FROM (SELECT id, client_id, definition, created_at_ms FROM clients WHERE id < $1 ORDER BY id DESC LIMIT $2) l
        LEFT JOIN consumer_keys k ON k.client_id = l.client_id
      ORDER BY l.id DESC, k.created_at_ms, k.key_id`,
    params: [beforeCursor(page.cursor), page.limit + 1],
  });
  const found = new Map<string, { client: Client; keys: ConsumerKey[]; createdAtMs: number }>();
  for (const row of rows) {
    const columns = new Columns(row);
    const id = columns.text();
    const client = found.get(id) ?? {
      client: parseClient(columns.text()),
      createdAtMs: columns.whole(),
      keys: [],
    };
    found.set(id, client);
    const rest = new Columns(row.slice(3));
    if (!rest.isNull()) client.keys.push(takeKey(rest));
  }
  return pageOf(
    [...found].map(([id, item]) => ({ id, item })),
    page.limit,
  );
}

export async function knowsOrigin(db: Database, origin: string): Promise<boolean> {
  const rows = await db.executor.read({
    sql: "SELECT 1 FROM client_origins o WHERE o.origin = $1 LIMIT 1",
    params: [origin],
  });
  return rows.length > 0;
}

/** Nodes that remember registrations see by this number that theirs are old. */
export function raiseCatalog(): Statement {
  return { sql: "UPDATE catalog SET number = number + 1", params: [] };
}

function keyParams(key: ConsumerKey, atMs: number): SqlValue[] {
  const rowId = parseId("key", key.keyId);
  return [key.keyId, rowId === undefined ? null : BigInt(rowId), key.clientId, key.digest, atMs];
}

function takeKey(columns: Columns): ConsumerKey {
  return { keyId: columns.text(), clientId: columns.text(), digest: columns.bytes() };
}

/** Origins of the client, if it was stored (under this row id, where it must be a new one), to be found by preflights. */
function storeOrigins(client: Client, rowId: bigint | null): Statement[] {
  return client.allowedOrigins.map((origin) => ({
    sql: `INSERT INTO client_origins (origin, client_id)
      SELECT $1, l.client_id FROM clients l WHERE l.client_id = $2 AND l.id = coalesce($3, l.id)
      ON CONFLICT DO NOTHING`,
    params: [origin, client.clientId, rowId],
  }));
}

/** Raises catalog and longest lives, if this client was stored (under this row id, where it must be a new one). */
function raiseFor(client: Client, rowId: bigint | null): Statement[] {
  return [
    {
      sql: `UPDATE catalog SET number = number + 1
        WHERE EXISTS (SELECT 1 FROM clients l WHERE l.client_id = $1 AND l.id = coalesce($2, l.id))`,
      params: [client.clientId, rowId],
    },
    {
      sql: `UPDATE feed_head SET
          longest_access = CASE WHEN longest_access < $1 THEN $1 ELSE longest_access END,
          longest_grant = CASE WHEN longest_grant < $2 THEN $2 ELSE longest_grant END
        WHERE (longest_access < $1 OR longest_grant < $2)
          AND EXISTS (SELECT 1 FROM clients l WHERE l.client_id = $3 AND l.id = coalesce($4, l.id))`,
      params: [client.accessTokenTtl ?? 0, client.refreshTokenTtl ?? 0, client.clientId, rowId],
    },
  ];
}

/** JSON leaves out members that are undefined; here every member of the type is present again. */
function parseClient(definition: string): Client {
  const absent = {
    jwks: undefined,
    jwksUri: undefined,
    accessTokenFormat: undefined,
    accessTokenTtl: undefined,
    refreshTokenTtl: undefined,
    idTokenAlg: "RS256",
  };
  return { ...absent, ...(JSON.parse(definition) as Client) }; // parsing boundary: written by `createClient`
}
