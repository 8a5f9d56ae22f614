// Tokens in lists: what is known of them, never their value. `token_id` of an access token is its `jti`.

import Type from "typebox";
import { ClientId, Id, Scope, Subject, Time, Uri, type Wire } from "./field.ts";
import { page } from "./list.ts";

export const TokenStatus = Type.Enum(["live", "expired", "revoked"], { type: "string" });

export type TokenStatus = Type.Static<typeof TokenStatus>;

const TokenKind = Type.Enum(["access", "refresh"], { type: "string" });

export const TokenItem = Type.Object({
  token_id: Type.String(),
  kind: TokenKind,
  format: Type.Enum(["jwt", "opaque"], { type: "string" }),
  client_id: Type.String(),
  subject: Type.String(),
  grant_id: Type.Optional(Type.String({ description: "Absent for client credentials." })),
  session_id: Type.Optional(Type.String()),
  key_id: Type.Optional(Type.String({ description: "The consumer key used." })),
  scope: Type.String(),
  audience: Type.Array(Type.String()),
  issued_at: Time,
  expires_at: Time,
  status: TokenStatus,
  last_used_at: Type.Optional(
    Type.String({
      format: "date-time",
      description: "Of its grant, else of its client; may lag 10 seconds.",
    }),
  ),
});

export type TokenItem = Wire<typeof TokenItem>;

/** An opaque token made elsewhere. */
export const NewImportedToken = Type.Object(
  {
    token: Type.String({
      minLength: 16,
      maxLength: 1024,
      pattern: "^[\\x21-\\x7e]+$",
      description: "Its text: 16 to 1024 visible ASCII characters. Stored as a digest only.",
    }),
    client_id: ClientId,
    subject: Subject,
    scope: Type.Optional(Scope),
    audience: Type.Optional(
      Type.Array(Uri("A resource it is for."), {
        minItems: 1,
        maxItems: 50,
        uniqueItems: true,
        description: "Whom it is for; the client's first resource, else the issuer, if absent.",
      }),
    ),
    expires_at: Type.String({
      maxLength: 40,
      description: "RFC 3339; in the future, and 24 hours ahead at most.",
    }),
  },
  { additionalProperties: false },
);

export type NewImportedToken = Wire<typeof NewImportedToken>;

export const TokenQuery = Type.Object(
  {
    subject: Type.Optional(Subject),
    client_id: Type.Optional(ClientId),
    grant_id: Type.Optional(Id("grant", "Tokens of this grant.")),
    key_id: Type.Optional(Id("key", "Tokens issued with this consumer key.")),
    session_id: Type.Optional(Id("session", "Tokens of this login session.")),
    status: Type.Optional(TokenStatus),
    kind: Type.Optional(TokenKind),
    ...page,
  },
  { additionalProperties: false },
);

export type TokenQuery = Wire<typeof TokenQuery>;
