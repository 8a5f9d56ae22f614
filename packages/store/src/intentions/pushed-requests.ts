// Pushed authorization requests: parameters as they were sent, for a minute. RFC 9126.

import type { RowId } from "@rescind/core";
import { asMembers, Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Head, PushedRequest, TokenDigest } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";

type FoundRequest = {
  readonly head: Head;
  readonly request: PushedRequest | undefined;
  readonly digest: TokenDigest | undefined;
};

export async function pushRequest(db: Database, request: PushedRequest, digest: TokenDigest): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO pushed_requests (id, digest, client_id, parameters, rev, iat, exp)
        VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      params: [
        BigInt(request.id),
        digest,
        request.clientId,
        asMembers(request.parameters),
        request.rev,
        request.issuedAt,
        request.expiresAt,
      ],
    },
  ]);
}

export async function findPushedRequest(db: Database, id: RowId): Promise<FoundRequest> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(r.id AS TEXT), r.client_id, r.parameters, r.rev, r.iat, r.exp, r.digest
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN pushed_requests r ON r.id = $1`,
    params: [BigInt(id)],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, request: undefined, digest: undefined };
  const request: PushedRequest = {
    id: columns.text(),
    clientId: columns.text(),
    parameters: columns.members() as Record<string, string>, // parsing boundary: written by `pushRequest`
    rev: columns.whole(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
  };
  return { head, request, digest: columns.bytes() };
}
