// Users between the wire and core: bodies in, `User` out, and back. Pure: looks nothing up. Usernames and emails are
// kept in NFC, so that one text is one name.

import {
  type FieldError,
  formatTimeMs,
  type NewUser,
  type UserAnswer,
  type UserChange,
} from "@rescind/admin-api";
import { claimsCap, type User, type UserRole, userRoles } from "@rescind/core";
import type { ListedUser } from "@rescind/store";
import { hashPassword, passwordHashProblem, passwordProblem } from "../people/password.ts";

type Fields = UserChange;

/** The user that a whole body describes. */
export function userFromRequest(body: NewUser, subject: string): User {
  const { username, ...rest } = body;
  const blank: User = {
    subject,
    username: username.normalize("NFC"),
    name: undefined,
    email: undefined,
    emailVerified: false,
    groups: [],
    claims: {},
    roles: [],
    status: "active",
  };
  return userChanged(blank, rest);
}

/** RFC 7396: what is given replaces what was there, null takes it away. */
export function userChanged(current: User, body: Fields): User {
  const email = given(body.email, current.email)?.normalize("NFC");
  // Whoever verified the old address has not verified another.
  const stillVerified = email !== undefined && email === current.email && current.emailVerified;
  return {
    subject: current.subject,
    username: body.username?.normalize("NFC") ?? current.username,
    name: given(body.name, current.name),
    email,
    emailVerified: body.email_verified ?? stillVerified,
    groups: body.groups ?? current.groups,
    claims: body.claims ?? current.claims,
    roles: body.roles === undefined ? current.roles : ordered(body.roles),
    status: body.status ?? current.status,
  };
}

/** What is wrong with a user as they would be, and with the password or hash that is given for them. */
export function checkUser(user: User, body: Pick<Fields, "password" | "password_hash">): FieldError[] {
  const errors: FieldError[] = [];
  const { password, password_hash: hash } = body;
  if (password !== undefined && hash !== undefined)
    errors.push({ pointer: "/password_hash", detail: "Give password or password_hash, not both." });
  const problem = password === undefined ? undefined : passwordProblem(password, user.username);
  if (problem !== undefined) errors.push({ pointer: "/password", detail: problem });
  const hashProblem = hash === undefined ? undefined : passwordHashProblem(hash);
  if (hashProblem !== undefined) errors.push({ pointer: "/password_hash", detail: hashProblem });
  if (user.emailVerified && user.email === undefined)
    errors.push({ pointer: "/email_verified", detail: "There is no email to be verified." });
  if (Buffer.byteLength(JSON.stringify(user.claims)) > claimsCap)
    errors.push({ pointer: "/claims", detail: `All claims take ${claimsCap} bytes of JSON at most.` });
  return errors;
}

/** The password as it is to be stored; undefined where none is given. */
export async function storedPassword(
  body: Pick<Fields, "password" | "password_hash">,
): Promise<string | undefined> {
  return body.password === undefined ? body.password_hash : hashPassword(body.password);
}

export function userAnswer({ user, hasPassword, createdAtMs }: ListedUser): UserAnswer {
  return {
    sub: user.subject,
    username: user.username,
    ...(user.name === undefined ? {} : { name: user.name }),
    ...(user.email === undefined ? {} : { email: user.email }),
    email_verified: user.emailVerified,
    groups: [...user.groups],
    claims: { ...user.claims },
    roles: [...user.roles],
    status: user.status,
    has_password: hasPassword,
    created_at: formatTimeMs(createdAtMs),
  };
}

function given(value: string | null | undefined, current: string | undefined): string | undefined {
  return value === undefined ? current : (value ?? undefined);
}

/** In one order, so that equal roles are equal lists. */
function ordered(roles: readonly UserRole[]): readonly UserRole[] {
  return userRoles.filter((role) => roles.includes(role));
}
