// Users that the config file declares, known by their username. A password is given by its hash or not at all (then an
// administrator makes a setup link), and only to a person who has none: their own choice is not undone at a start.

import { NewUser, type NewUser as NewUserBody } from "@rescind/admin-api";
import type { User } from "@rescind/core";
import Type from "typebox";
import { ConfigurationError } from "../configuration.ts";
import { bodyCheck } from "../http/validation.ts";
import { type ChangeParts, changeUser, isClientId, oneByOne } from "../people/change-user.ts";
import { randomId } from "../random-id.ts";
import { checked, isSame, operator, record, refuseDoubles } from "./declared-entry.ts";
import { checkUser, userChanged, userFromRequest } from "./user-record.ts";

export interface DeclaredUser {
  readonly where: string;
  readonly body: Omit<NewUserBody, "password">;
}

const checkEntry = bodyCheck(Type.Omit(NewUser, ["password"], { additionalProperties: false }));

/** @throws ConfigurationError that names the entry and the field */
export function parseUser(entry: unknown, where: string): DeclaredUser {
  checked(where, checkEntry(entry));
  const body = entry as NewUserBody; // checked by the line above
  checked(where, checkUser(userFromRequest(body, body.sub ?? ""), body));
  return { where, body };
}

/** Makes who is missing and changes who differs, with the orders that follow; removes nobody. */
export async function applyUsers(users: readonly DeclaredUser[], parts: ChangeParts): Promise<void> {
  refuseDoubles(
    "users",
    users.map(({ body }) => body.username.toLowerCase()),
  );
  for (const user of users)
    if (!(await isApplied(user, parts))) await oneByOne(() => applyUser(user, parts), parts);
}

/** Most starts find everything as it is declared, and take no turn for it. */
async function isApplied({ body }: DeclaredUser, { store }: ChangeParts): Promise<boolean> {
  const { sub, password_hash: hash, ...fields } = body;
  const { user, passwordHash } = await store.findUserByName(body.username);
  if (user === undefined || !isNamed(user, body.username) || (sub !== undefined && sub !== user.subject))
    return false;
  return isSame(user, userChanged(user, fields)) && (hash === undefined || passwordHash !== undefined);
}

async function applyUser({ where, body }: DeclaredUser, parts: ChangeParts): Promise<void> {
  const { sub, password_hash: hash, ...fields } = body;
  const found = await parts.store.findUserByName(body.username);
  const { user } = found;
  if (user === undefined || !isNamed(user, body.username)) return makeUser({ where, body }, parts);
  if (sub !== undefined && sub !== user.subject)
    throw new ConfigurationError(`${where}/sub: this user has another one, and it never changes.`);
  const next = userChanged(user, fields);
  if (!isSame(user, next)) {
    const { kind } = await changeUser(user, next, operator, parts);
    if (kind !== "changed") throw new ConfigurationError(`${where}: ${reasons[kind]}`);
    await record("user.updated", { sub: user.subject }, parts);
  }
  if (hash === undefined || found.passwordHash !== undefined) return;
  await parts.store.setPassword(user.subject, hash, { orders: [] });
  await record("user.updated", { sub: user.subject, changed: ["password_hash"] }, parts);
}

async function makeUser({ where, body }: DeclaredUser, parts: ChangeParts): Promise<void> {
  const { sub = randomId("usr_"), password_hash: hash } = body;
  if (await isClientId(sub, parts)) throw new ConfigurationError(`${where}/sub: this is a client's id.`);
  const user = userFromRequest(body, sub);
  if (!(await parts.store.createUser(user, hash, parts.now())))
    throw new ConfigurationError(`${where}: username or sub is taken.`);
  await record("user.created", { sub, username: user.username, roles: user.roles }, parts);
}

/** The look-up by name also finds an email address. */
function isNamed(user: User, username: string): boolean {
  return user.username.toLowerCase() === username.normalize("NFC").toLowerCase();
}

const reasons = {
  taken: "this username is taken.",
  unknown: "this user was deleted meanwhile.",
  "last-administrator": "this is the last active administrator.",
} as const;
