// Login sessions: opened by an authentication, renewed by another of the same person, found by the row id in the
// cookie. Whether one is live is the rule's to say.

import { formatId, parseId, type RowId, type Session } from "@rescind/core";
import { asWords, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { FoundSession, NewSession } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";
import { takeUser, userColumns } from "./users.ts";

/** The columns of a session, in the order of `takeSession`. */
export const sessionColumns = `CAST(s.id AS TEXT), s.subject, s.rev, s.authenticated_at_ms, s.last_seen_ms, s.amr,
        s.user_agent, s.address, s.opened_at_ms, s.factors`;

export async function openSession(db: Database, { rowId, session, digest }: NewSession): Promise<void> {
  await db.executor.apply([
    {
      sql: `INSERT INTO sessions (id, digest, subject, rev, authenticated_at_ms, last_seen_ms, amr, user_agent,
          address, opened_at_ms, factors)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      params: [
        BigInt(rowId),
        digest,
        session.subject,
        session.rev,
        session.authenticatedAtMs,
        session.lastSeenMs,
        asWords(session.amr),
        orNull(session.userAgent),
        orNull(session.address),
        session.openedAtMs,
        asWords(session.factors ?? []),
      ],
    },
  ]);
}

export async function renewSession(db: Database, { rowId, session, digest }: NewSession): Promise<boolean> {
  // An authentication that began before the last one may have been with a password that is no longer good.
  const results = await db.executor.apply([
    {
      sql: `UPDATE sessions SET digest = $3, rev = $4,
          authenticated_at_ms = CASE WHEN authenticated_at_ms < $5 THEN $5 ELSE authenticated_at_ms END,
          last_seen_ms = CASE WHEN last_seen_ms < $6 THEN $6 ELSE last_seen_ms END,
          amr = $7, user_agent = $8, address = $9, factors = $10
        WHERE id = $1 AND subject = $2 AND rev <= $4 RETURNING 1`,
      params: [
        BigInt(rowId),
        session.subject,
        digest,
        session.rev,
        session.authenticatedAtMs,
        session.lastSeenMs,
        asWords(session.amr),
        orNull(session.userAgent),
        orNull(session.address),
        asWords(session.factors ?? []),
      ],
    },
  ]);
  return results[0]?.length === 1;
}

export async function findSession(db: Database, id: RowId): Promise<FoundSession> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        ${sessionColumns}, s.digest, ${userColumns}
      FROM feed_head h CROSS JOIN catalog c
        LEFT JOIN sessions s ON s.id = $1
        LEFT JOIN users u ON u.subject = s.subject`,
    params: [BigInt(id)],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, session: undefined, digest: undefined, user: undefined };
  const session = takeSession(columns);
  const digest = columns.bytes();
  return { head, session, digest, user: columns.isNull() ? undefined : takeUser(columns) };
}

export async function touchSession(db: Database, sessionId: string, atMs: number): Promise<void> {
  await db.executor.apply([
    {
      sql: "UPDATE sessions SET last_seen_ms = $2 WHERE id = $1 AND last_seen_ms < $2",
      params: [sessionRowOrNone(sessionId), atMs],
    },
  ]);
}

/** Takes the ten columns of a session. */
export function takeSession(columns: Columns): Session {
  return {
    sessionId: formatId("session", columns.text()),
    subject: columns.text(),
    rev: columns.whole(),
    authenticatedAtMs: columns.whole(),
    lastSeenMs: columns.whole(),
    amr: columns.words(),
    userAgent: columns.optionalText(),
    address: columns.optionalText(),
    openedAtMs: columns.whole(),
    factors: columns.words(),
  };
}

/** The row id in a session's id; null, which equals no row, for a text that is none. */
export function sessionRowOrNone(sessionId: string): bigint | null {
  const rowId = parseId("session", sessionId);
  return rowId === undefined ? null : BigInt(rowId);
}
