// Users as they are kept. Names and addresses are compared by what `nameKey` makes of them, whatever the engine.

import { type User, userRoles } from "@rescind/core";
import { asFlag, asList, asMembers, asWords, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { SqlValue, Statement } from "../executor.ts";
import type { FoundUser, Order, PasswordHash, SetupLink } from "../store.ts";
import { removeAllConsents } from "./consents.ts";
import { removeEveryFactor } from "./factor-ends.ts";
import { onlyRow, takeHead } from "./head.ts";
import { claimed, claimTurn } from "./people-turn.ts";
import { type Condition, changeWithOrders } from "./user-change.ts";

/** The columns of a user, in the order of `takeUser`. */
export const userColumns = `u.subject, u.username, u.name, u.email, u.email_verified, u.member_of, u.claims, u.roles,
        u.status`;

export async function createUser(
  db: Database,
  user: User,
  passwordHash: PasswordHash | undefined,
  atMs: number,
): Promise<boolean> {
  const results = await db.executor.apply([
    claimTurn(BigInt(db.ids.next())),
    {
      sql: `INSERT INTO users (subject, username, username_key, name, email, email_key, email_verified, member_of,
          claims, roles, status, id, password_hash, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT DO NOTHING RETURNING 1`,
      params: [...userParams(user), BigInt(db.ids.next()), orNull(passwordHash), atMs],
    },
  ]);
  return results[1]?.length === 1;
}

export function findUser(db: Database, subject: string): Promise<FoundUser> {
  return readUser(db, "u.subject = $1", subject);
}

export function findUserByName(db: Database, name: string): Promise<FoundUser> {
  const found = `u.id = coalesce((SELECT n.id FROM users n WHERE n.username_key = $1),
    (SELECT CASE WHEN count(*) = 1 THEN min(m.id) END FROM users m WHERE m.email_key = $1))`;
  return readUser(db, found, nameKey(name));
}

export async function changeUser(
  db: Database,
  user: User,
  orders: readonly Order[],
): Promise<"changed" | "last-administrator" | "taken" | "unknown"> {
  const key = nameKey(user.username);
  const isTaken = {
    sql: "EXISTS (SELECT 1 FROM users u WHERE u.username_key = $2 AND u.subject <> $3)",
    params: [key, user.subject],
  };
  const outcome = await changeWithOrders(
    db,
    {
      subject: user.subject,
      unless: isAdministrator(user) ? [isTaken] : [isTaken, isLastAdministrator(user.subject)],
      effects: (claim) => [
        {
          sql: `UPDATE users SET username = $2, username_key = $3, name = $4, email = $5, email_key = $6,
              email_verified = $7, member_of = $8, claims = $9, roles = $10, status = $11
            WHERE subject = $1 AND ${claimed("$12")}`,
          params: [...userParams(user), claim],
        },
      ],
    },
    orders,
  );
  if (typeof outcome !== "number") return outcome;
  return outcome === 0 ? "taken" : "last-administrator";
}

export async function deleteUser(
  db: Database,
  subject: string,
  orders: readonly Order[],
): Promise<"deleted" | "last-administrator" | "unknown"> {
  const effects = (claim: bigint): Statement[] => [
    ...removeAllConsents(subject, claimed("$2"), [claim]),
    removeLinks(subject, claim),
    ...removeEveryFactor(subject, claim),
    { sql: `DELETE FROM identities WHERE subject = $1 AND ${claimed("$2")}`, params: [subject, claim] },
    { sql: `DELETE FROM users WHERE subject = $1 AND ${claimed("$2")}`, params: [subject, claim] },
  ];
  const unless = [isLastAdministrator(subject)];
  const outcome = await changeWithOrders(db, { subject, unless, effects }, orders);
  if (typeof outcome === "number") return "last-administrator";
  return outcome === "changed" ? "deleted" : outcome;
}

export async function setPassword(
  db: Database,
  subject: string,
  hash: PasswordHash,
  options: { readonly instead?: PasswordHash | undefined; readonly orders: readonly Order[] },
): Promise<boolean> {
  const { instead, orders } = options;
  const isOther = {
    sql: "EXISTS (SELECT 1 FROM users u WHERE u.subject = $2 AND coalesce(u.password_hash, '') <> $3)",
    params: [subject, orNull(instead)],
  };
  const change = {
    subject,
    unless: instead === undefined ? [] : [isOther],
    effects: (claim: bigint) => [
      storePassword(subject, hash, claim),
      ...(instead === undefined ? [removeLinks(subject, claim)] : []),
    ],
  };
  return (await changeWithOrders(db, change, orders)) === "changed";
}

/** What is stored of a link is removed with its use, and the links of the person with it. */
export async function spendLink(
  db: Database,
  link: Pick<SetupLink, "id" | "subject">,
  hash: PasswordHash,
  orders: readonly Order[],
): Promise<boolean> {
  const { id, subject } = link;
  const isSpent = {
    sql: "NOT EXISTS (SELECT 1 FROM setup_links l WHERE l.id = $2 AND l.subject = $3)",
    params: [BigInt(id), subject],
  };
  const effects = (claim: bigint): Statement[] => [
    storePassword(subject, hash, claim),
    removeLinks(subject, claim),
  ];
  return (await changeWithOrders(db, { subject, unless: [isSpent], effects }, orders)) === "changed";
}

/** Takes the nine columns of a user. */
export function takeUser(columns: Columns): User {
  return {
    subject: columns.text(),
    username: columns.text(),
    name: columns.optionalText(),
    email: columns.optionalText(),
    emailVerified: columns.flag(),
    groups: columns.list(),
    claims: columns.members(),
    roles: rolesOf(columns.words()),
    status: columns.text() === "active" ? "active" : "disabled",
  };
}

function rolesOf(words: readonly string[]): User["roles"] {
  return userRoles.filter((role) => words.includes(role));
}

/** What two names have in common that count as one: compatibility forms and case do not tell them apart. */
export function nameKey(name: string): string {
  // Through capitals, as some letters have two small forms (σ and ς).
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

async function readUser(db: Database, condition: string, value: string): Promise<FoundUser> {
  const rows = await db.executor.read({
    sql: `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        ${userColumns}, u.password_hash, u.created_at_ms
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN users u ON ${condition}`,
    params: [value],
  });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, user: undefined, passwordHash: undefined, createdAtMs: undefined };
  const user = takeUser(columns);
  return { head, user, passwordHash: columns.optionalText(), createdAtMs: columns.whole() };
}

function isAdministrator(user: User): boolean {
  return user.status === "active" && user.roles.includes("administrator");
}

/** Active, with the role, and nobody else is: without them nobody could put anything right again. */
function isLastAdministrator(subject: string): Condition {
  const administers = "u.status = 'active' AND u.roles <> '' AND u.roles LIKE '%administrator%'";
  return {
    sql: `EXISTS (SELECT 1 FROM users u WHERE u.subject = $2 AND ${administers})
      AND NOT EXISTS (SELECT 1 FROM users u WHERE u.subject <> $2 AND ${administers})`,
    params: [subject],
  };
}

function storePassword(subject: string, hash: PasswordHash, claim: bigint): Statement {
  return {
    sql: `UPDATE users SET password_hash = $2 WHERE subject = $1 AND ${claimed("$3")}`,
    params: [subject, hash, claim],
  };
}

function removeLinks(subject: string, claim: bigint): Statement {
  return {
    sql: `DELETE FROM setup_links WHERE subject = $1 AND ${claimed("$2")}`,
    params: [subject, claim],
  };
}

/** Eleven parameters: the subject, then what of a user can change. */
export function userParams(user: User): SqlValue[] {
  return [
    user.subject,
    user.username,
    nameKey(user.username),
    orNull(user.name),
    orNull(user.email),
    user.email === undefined ? null : nameKey(user.email),
    asFlag(user.emailVerified),
    asList(user.groups),
    asMembers(user.claims),
    asWords(user.roles),
    user.status,
  ];
}
