// A person's own things at /account/v1: who they are, what they let applications do, where they are signed in, what was
// taken back and why. Everything here is about the subject of the Bearer token; nothing names another person.

import { revocationReasons, unitNames } from "@rescind/core";
import Type from "typebox";
import { ClientId, Count, Id, ScopeValue, Seq, Time, type Wire } from "./field.ts";
import { page } from "./list.ts";
import { TokenStatus } from "./token.ts";
import { UserRole } from "./user.ts";

/** Of a subject that this server has no user for, only `sub`. */
export const Profile = Type.Object({
  sub: Type.String(),
  username: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  email_verified: Type.Optional(Type.Boolean()),
  groups: Type.Optional(Type.Array(Type.String())),
  roles: Type.Optional(Type.Array(UserRole)),
  has_password: Type.Optional(Type.Boolean()),
  created_at: Type.Optional(Time),
});

export type Profile = Wire<typeof Profile>;

const DescribedScope = Type.Object({
  scope: Type.String(),
  description: Type.Optional(
    Type.String({ description: "The client's words, else the resource's, else ours." }),
  ),
  consented: Type.Boolean({ description: "You were asked for it, and it can be taken back by itself." }),
});

/** A client that this person has let do something, or that holds a live grant of theirs. */
export const Application = Type.Object({
  client_id: Type.String(),
  name: Type.String(),
  consented: Type.Boolean({ description: "false: it needed no consent." }),
  scopes: Type.Array(DescribedScope),
  since: Time,
  last_used_at: Type.Optional(Time),
  grants: Type.Integer({ minimum: 0, description: "Live ones; at least, where exact is false." }),
  sessions: Type.Integer({ minimum: 0, description: "Login sessions that live grants hang on." }),
  exact: Type.Boolean({ description: "false: there are more grants than were counted." }),
});

export type Application = Wire<typeof Application>;

export const AccountGrant = Type.Object({
  grant_id: Type.String(),
  client_id: Type.String(),
  session_id: Type.Optional(Type.String()),
  scope: Type.String(),
  audience: Type.Array(Type.String()),
  offline: Type.Boolean({ description: "It outlives the login session." }),
  opened_at: Time,
  expires_at: Time,
  status: TokenStatus,
  last_used_at: Type.Optional(Time),
  current: Type.Boolean({ description: "The token of this request is one of it." }),
});

export type AccountGrant = Wire<typeof AccountGrant>;

export const AccountGrantQuery = Type.Object(
  { client_id: Type.Optional(ClientId), status: Type.Optional(TokenStatus), ...page },
  { additionalProperties: false },
);

export type AccountGrantQuery = Wire<typeof AccountGrantQuery>;

export const AccountSession = Type.Object({
  session_id: Type.String(),
  current: Type.Boolean({ description: "The token of this request hangs on it." }),
  status: TokenStatus,
  authenticated_at: Time,
  amr: Type.Array(Type.String(), { description: "How the person authenticated (RFC 8176)." }),
  user_agent: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
  opened_at: Time,
  last_seen_at: Time,
  expires_at: Type.String({ format: "date-time", description: "If it is not used again." }),
});

export type AccountSession = Wire<typeof AccountSession>;

/** What was revoked about this person. Notes and the names of administrators are left out. */
export const AccountRevocation = Type.Object({
  id: Type.String(),
  seq: Seq,
  at: Time,
  unit: Type.Enum(unitNames, { type: "string" }),
  reason: Type.Enum(revocationReasons, { type: "string", description: "For example token_leaked." }),
  by: Type.Enum(["you", "application", "administrator", "server"], { type: "string" }),
  client_id: Type.Optional(Type.String({ description: "The application concerned." })),
  client_name: Type.Optional(Type.String()),
  token_id: Type.Optional(Type.String()),
  grant_id: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.String()),
  scope: Type.Optional(Type.String({ description: "The one scope that was taken back." })),
  lifted: Type.Boolean(),
});

export type AccountRevocation = Wire<typeof AccountRevocation>;

/** `seq`: the number on the log from which it holds. */
export const SignedOut = Type.Object({ seq: Seq });

export type SignedOut = Wire<typeof SignedOut>;

/** `seq` is absent where there was no other session. */
export const OthersSignedOut = Type.Object({ sessions: Count, seq: Type.Optional(Seq) });

export type OthersSignedOut = Wire<typeof OthersSignedOut>;

export const PasswordChange = Type.Object(
  {
    current_password: Type.String({ minLength: 1, maxLength: 2048 }),
    new_password: Type.String({
      minLength: 8,
      maxLength: 2048,
      description: "8 to 1024 characters, any of them, but not the username.",
    }),
  },
  { additionalProperties: false },
);

export type PasswordChange = Wire<typeof PasswordChange>;

/** No members; an empty object or no body at all. */
export const Nothing = Type.Object({}, { additionalProperties: false });

export const ApplicationScopePath = Type.Object(
  { client_id: ClientId, scope: ScopeValue },
  { additionalProperties: false },
);

export const AccountGrantPath = Type.Object(
  { grant_id: Id("grant", "One of your grants.") },
  { additionalProperties: false },
);

export const AccountSessionPath = Type.Object(
  { session_id: Id("session", "One of your login sessions.") },
  { additionalProperties: false },
);
