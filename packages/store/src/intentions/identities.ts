// Who somebody is at an upstream provider. One identity is one person's; a person may have several.

import type { RowId, User } from "@rescind/core";
import { Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue } from "../executor.ts";
import type { FoundIdentity, Identity, NewIdentity } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";
import { claimed, claimTurn } from "./people-turn.ts";
import { takeUser, userColumns, userParams } from "./users.ts";

/** The columns of an identity as `takeIdentity` takes them. */
const identityColumns = `CAST(i.id AS TEXT), CAST(i.upstream_row AS TEXT), i.upstream_subject, i.subject, i.email,
        i.username, i.linked_at_ms, i.last_used_ms`;
const names = "id, upstream_row, upstream_subject, subject, email, username, linked_at_ms, last_used_ms";

export async function findIdentity(
  db: Database,
  upstreamRow: RowId,
  upstreamSubject: string,
): Promise<FoundIdentity> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        ${identityColumns}, ${userColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN identities i ON i.upstream_row = $1 AND i.upstream_subject = $2
        LEFT JOIN users u ON u.subject = i.subject`,
    params: [BigInt(upstreamRow), upstreamSubject],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, identity: undefined, user: undefined };
  const identity = takeIdentity(columns);
  return { head, identity, user: columns.isNull() ? undefined : takeUser(columns) };
}

export async function listIdentities(db: Database, subject: string): Promise<readonly Identity[]> {
  const rows = await db.executor.read({
    sql: `SELECT ${identityColumns} FROM identities i WHERE i.subject = $1 ORDER BY i.id`,
    params: [subject],
  });
  return rows.map((row) => takeIdentity(new Columns(row)));
}

/** In the people's turn, so that it is not given to somebody who is being removed or disabled at this moment. */
export async function linkIdentity(
  db: Database,
  identity: NewIdentity,
): Promise<"linked" | "taken" | "unknown"> {
  const active = "EXISTS (SELECT 1 FROM users u WHERE u.subject = $4 AND u.status = 'active')";
  const results = await db.executor.apply([
    claimTurn(BigInt(db.ids.next())),
    {
      sql: `INSERT INTO identities (${names}) SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM people_turn p
        WHERE ${active} AND ${stillThere} ON CONFLICT DO NOTHING RETURNING 1`,
      params: identityParams(identity),
    },
    {
      sql: `SELECT CASE WHEN EXISTS (SELECT 1 FROM users u WHERE u.subject = $1 AND u.status = 'active')
        THEN 1 ELSE 0 END`,
      params: [identity.subject],
    },
  ]);
  if (results[1]?.length === 1) return "linked";
  return new Columns(onlyRow(results[2])).flag() ? "taken" : "unknown";
}

export async function createUserWithIdentity(
  db: Database,
  user: User,
  identity: NewIdentity,
  atMs: number,
): Promise<"created" | "identity-taken" | "name-taken"> {
  const claim = BigInt(db.ids.next());
  const userRow = BigInt(db.ids.next());
  const isKnown = "EXISTS (SELECT 1 FROM identities i WHERE i.upstream_row = $2 AND i.upstream_subject = $3)";
  const results = await db.executor.apply([
    claimTurn(claim),
    {
      sql: `UPDATE people_turn SET claimed_by = NULL WHERE claimed_by = $1 AND ${isKnown} RETURNING 1`,
      params: [claim, BigInt(identity.upstreamRow), identity.upstreamSubject],
    },
    {
      sql: `INSERT INTO users (subject, username, username_key, name, email, email_key, email_verified, member_of,
          claims, roles, status, id, password_hash, created_at_ms)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, $13 FROM people_turn t
        WHERE ${claimed("$14")} ON CONFLICT DO NOTHING RETURNING 1`,
      params: [...userParams(user), userRow, atMs, claim],
    },
    {
      sql: `INSERT INTO identities (${names}) SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM people_turn p
        WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = $9) AND ${stillThere} RETURNING 1`,
      params: [...identityParams(identity), userRow],
    },
  ]);
  if (results[1]?.length === 1) return "identity-taken";
  return results[2]?.length === 1 ? "created" : "name-taken";
}

/** What a deleted provider said of people is not stored any more. */
const stillThere = "EXISTS (SELECT 1 FROM upstreams x WHERE x.id = $2 AND x.deleted_at_ms IS NULL)";

export async function noteIdentityUse(
  db: Database,
  { id, email, username, atMs }: Pick<Identity, "id" | "email" | "username"> & { readonly atMs: number },
): Promise<void> {
  await db.executor.apply([
    {
      sql: "UPDATE identities SET email = $2, username = $3, last_used_ms = $4 WHERE id = $1",
      params: [BigInt(id), orNull(email), orNull(username), atMs],
    },
  ]);
}

export async function unlinkIdentity(db: Database, id: RowId, subject: string): Promise<boolean> {
  const results = await db.executor.apply([
    {
      sql: "DELETE FROM identities WHERE id = $1 AND subject = $2 RETURNING 1",
      params: [BigInt(id), subject],
    },
  ]);
  return results[0]?.length === 1;
}

function identityParams(identity: NewIdentity): SqlValue[] {
  return [
    BigInt(identity.id),
    BigInt(identity.upstreamRow),
    identity.upstreamSubject,
    identity.subject,
    orNull(identity.email),
    orNull(identity.username),
    identity.linkedAtMs,
    orNull(identity.lastUsedMs),
  ];
}

function takeIdentity(columns: Columns): Identity {
  return {
    id: columns.text(),
    upstreamRow: columns.text(),
    upstreamSubject: columns.text(),
    subject: columns.text(),
    email: columns.optionalText(),
    username: columns.optionalText(),
    linkedAtMs: columns.whole(),
    lastUsedMs: columns.optionalWhole(),
  };
}
