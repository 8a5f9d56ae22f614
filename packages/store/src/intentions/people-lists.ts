// Lists of users and of login sessions for people, newest first. Read in windows by one index each; what has no index
// is filtered here, so that no statement runs long.

import { setImmediate } from "node:timers/promises";
import { sessionEnd } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row, Statement } from "../executor.ts";
import type { ListedSession, ListedUser, Page, PageRequest, UserFilter } from "../store.ts";
import { each } from "./affected-walks.ts";
import { beforeCursor, pageOf } from "./cursor.ts";
import { sessionColumns, sessionRowOrNone, takeSession } from "./sessions.ts";
import { nameKey, takeUser, userColumns } from "./users.ts";

const window = 200;
/** Milliseconds after which a page is given out as far as it got. */
const longestSearchMs = 1000;

type Listed<Item> = { readonly id: string; readonly item: Item };

export function listUsers(db: Database, filter: UserFilter, page: PageRequest): Promise<Page<ListedUser>> {
  const { username, email, role, status } = filter;
  const isWanted = ({ user }: ListedUser): boolean =>
    (username === undefined || nameKey(username) === nameKey(user.username)) &&
    (email === undefined || (user.email !== undefined && nameKey(email) === nameKey(user.email))) &&
    (role === undefined || user.roles.includes(role)) &&
    (status ?? user.status) === user.status;
  return listInWindows(db, page, (below) => usersWindow(filter, below), takeListedUser, isWanted);
}

/** @param at seconds: what has ended by then counts as expired */
export function listSessions(
  db: Database,
  filter: { readonly subject?: string | undefined; readonly sessionId?: string | undefined },
  page: PageRequest,
  at: number,
): Promise<Page<ListedSession>> {
  const isWanted = ({ session }: ListedSession): boolean =>
    (filter.subject ?? session.subject) === session.subject &&
    (filter.sessionId ?? session.sessionId) === session.sessionId;
  const take = (row: Row): Listed<ListedSession> => takeListedSession(row, at);
  return listInWindows(db, page, (below) => sessionsWindow(filter, below), take, isWanted);
}

async function listInWindows<Item>(
  db: Database,
  page: PageRequest,
  windowBelow: (below: bigint) => Statement,
  take: (row: Row) => Listed<Item>,
  isWanted: (item: Item) => boolean,
): Promise<Page<Item>> {
  const began = performance.now();
  const found: Listed<Item>[] = [];
  let below = beforeCursor(page.cursor);
  for (;;) {
    const rows = (await db.executor.read(windowBelow(below))).map(take);
    found.push(...rows.filter(({ item }) => isWanted(item)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < window || found.length > page.limit)
      return pageOf(found, page.limit);
    below = BigInt(last.id);
    if (performance.now() - began > longestSearchMs)
      return { items: found.map(({ item }) => item), next: last.id };
    await setImmediate();
  }
}

function usersWindow({ username, email, role }: UserFilter, below: bigint): Statement {
  const [condition, ...params] =
    username !== undefined
      ? ["u.username_key = $3", nameKey(username)]
      : email !== undefined
        ? ["u.email_key = $3", nameKey(email)]
        : [role === undefined ? "1 = 1" : "u.roles <> ''"];
  return {
    sql: `SELECT CAST(u.id AS TEXT), ${userColumns}, CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END,
        u.created_at_ms
      FROM users u WHERE u.id < $1 AND ${condition} ORDER BY u.id DESC LIMIT $2`,
    params: [below, window, ...params],
  };
}

function sessionsWindow(
  { subject, sessionId }: { readonly subject?: string | undefined; readonly sessionId?: string | undefined },
  below: bigint,
): Statement {
  const [condition, ...params] =
    sessionId !== undefined
      ? ["s.id = $3", sessionRowOrNone(sessionId)]
      : subject !== undefined
        ? ["s.subject = $3", subject]
        : ["1 = 1"];
  return {
    sql: `SELECT CAST(s.id AS TEXT), ${sessionColumns},
        CASE WHEN EXISTS (SELECT 1 FROM session_coverings c WHERE c.id = s.id ${each}) THEN 1 ELSE 0 END
      FROM sessions s WHERE s.id < $1 AND ${condition} ORDER BY s.id DESC LIMIT $2`,
    params: [below, window, ...params],
  };
}

function takeListedUser(row: Row): Listed<ListedUser> {
  const columns = new Columns(row);
  const id = columns.text();
  const user = takeUser(columns);
  return { id, item: { user, hasPassword: columns.flag(), createdAtMs: columns.whole() } };
}

function takeListedSession(row: Row, at: number): Listed<ListedSession> {
  const columns = new Columns(row);
  const id = columns.text();
  const session = takeSession(columns);
  const isCovered = columns.flag();
  const status = sessionEnd(session) <= at ? "expired" : isCovered ? "revoked" : "live";
  return { id, item: { session, status } };
}
