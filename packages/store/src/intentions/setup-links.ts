// One-time links with which a person sets a password. Only the newest of a person counts.

import type { RowId, User } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Head, Order, PasswordHash, SetupLink, TokenDigest } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";
import { claimTurn } from "./people-turn.ts";
import { spendLink, takeUser, userColumns } from "./users.ts";

type FoundLink = {
  readonly head: Head;
  readonly link: SetupLink | undefined;
  readonly digest: TokenDigest | undefined;
  readonly user: User | undefined;
};

export async function putSetupLink(db: Database, link: SetupLink, digest: TokenDigest): Promise<void> {
  await db.executor.apply([
    // In turn, so that of two links made at once only one is left.
    claimTurn(BigInt(db.ids.next())),
    { sql: "DELETE FROM setup_links WHERE subject = $1", params: [link.subject] },
    {
      sql: "INSERT INTO setup_links (id, subject, digest, rev, iat, exp) VALUES ($1, $2, $3, $4, $5, $6)",
      params: [BigInt(link.id), link.subject, digest, link.rev, link.issuedAt, link.expiresAt],
    },
  ]);
}

export async function findSetupLink(db: Database, id: RowId): Promise<FoundLink> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        CAST(l.id AS TEXT), l.subject, l.rev, l.iat, l.exp, l.digest, ${userColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN setup_links l ON l.id = $1
        LEFT JOIN users u ON u.subject = l.subject`,
    params: [BigInt(id)],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, link: undefined, digest: undefined, user: undefined };
  const link = {
    id: columns.text(),
    subject: columns.text(),
    rev: columns.whole(),
    issuedAt: columns.whole(),
    expiresAt: columns.whole(),
  };
  const digest = columns.bytes();
  return { head, link, digest, user: columns.isNull() ? undefined : takeUser(columns) };
}

export async function spendSetupLink(
  db: Database,
  id: RowId,
  hash: PasswordHash,
  orders: readonly Order[],
): Promise<boolean> {
  // Whose it is never changes, so it may be read before.
  const { link } = await findSetupLink(db, id);
  return link !== undefined && spendLink(db, link, hash, orders);
}
