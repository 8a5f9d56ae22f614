// Users: people who sign in. A password goes in and never comes out; hashes of other systems may be imported.

import { userRoles } from "@rescind/core";
import Type from "typebox";
import { JsonMap, Subject, Text, Time, type Wire } from "./field.ts";
import { page } from "./list.ts";

export const UserRole = Type.Enum(userRoles, {
  type: "string",
  description: "viewer: rescind:read, operator: rescind:revoke, administrator: rescind:admin.",
});

export const UserStatus = Type.Enum(["active", "disabled"], { type: "string" });

const Username = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: "^(?![ ])[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]*[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp} ]$",
  description: "What the person signs in with: printable, no space at either end, compared without case.",
});

const Email = Type.String({
  minLength: 3,
  maxLength: 254,
  pattern: "^[^\\p{C}\\p{Z}@]+@[^\\p{C}\\p{Z}@]+$",
  description: "An email address; whoever is alone with it may also sign in with it.",
});

const Password = Type.String({
  minLength: 8,
  maxLength: 2048,
  description: "8 to 1024 characters, any of them, but not the username.",
});

const PasswordHash = Type.String({
  minLength: 8,
  maxLength: 512,
  description:
    "A hash of another system: Argon2id, Argon2i, scrypt or PBKDF2 (SHA-256, SHA-512) as a PHC string, Django's pbkdf2_sha256, or bcrypt. Never together with password.",
});

const Name = Text(255, "As people call this person.");

const optional = {
  password: Password,
  password_hash: PasswordHash,
  email_verified: Type.Boolean({ description: "false if absent, and again with another email." }),
  groups: Type.Array(Text(255, "A group's name."), { maxItems: 256, uniqueItems: true }),
  claims: JsonMap("Further members, 4 KiB at most; a client's custom_claims may stand for them."),
  roles: Type.Array(UserRole, { maxItems: userRoles.length, uniqueItems: true }),
  status: UserStatus,
};

export const NewUser = Type.Object(
  {
    sub: Type.Optional(Subject),
    username: Username,
    name: Type.Optional(Name),
    email: Type.Optional(Email),
    ...Type.Partial(Type.Object(optional)).properties,
  },
  { additionalProperties: false },
);

export type NewUser = Wire<typeof NewUser>;

/** What is given replaces what was there; null takes it away (RFC 7396). */
export const UserChange = Type.Object(
  {
    username: Type.Optional(Username),
    name: Type.Optional(Type.Union([Name, Type.Null()])),
    email: Type.Optional(Type.Union([Email, Type.Null()])),
    ...Type.Partial(Type.Object(optional)).properties,
  },
  { additionalProperties: false, minProperties: 1 },
);

export type UserChange = Wire<typeof UserChange>;

export const UserAnswer = Type.Object({
  sub: Type.String(),
  username: Type.String(),
  name: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  email_verified: Type.Boolean(),
  groups: Type.Array(Type.String()),
  claims: Type.Record(Type.String(), Type.Unknown()),
  roles: Type.Array(UserRole),
  status: UserStatus,
  has_password: Type.Boolean({ description: "false: this person needs a setup link to sign in." }),
  created_at: Time,
});

export type UserAnswer = Wire<typeof UserAnswer>;

export const UserPath = Type.Object({ sub: Subject }, { additionalProperties: false });

export const UserQuery = Type.Object(
  {
    username: Type.Optional(Text(255, "The user with this name, compared without case.")),
    email: Type.Optional(Text(254, "Users with this email address, compared without case.")),
    role: Type.Optional(UserRole),
    status: Type.Optional(UserStatus),
    ...page,
  },
  { additionalProperties: false },
);

export type UserQuery = Wire<typeof UserQuery>;

/** With it a person sets a password, once. A new one ends the one before. */
export const SetupLinkAnswer = Type.Object({
  setup_url: Type.String({ description: "Hand it to the person only: whoever opens it becomes them." }),
  expires_at: Time,
});

export type SetupLinkAnswer = Wire<typeof SetupLinkAnswer>;
