// Grants: what one subject gave one client. `POST` opens one without a browser and answers with its first tokens.

import Type from "typebox";
import { ClientId, Id, JsonMap, Scope, Subject, Time, Uri, type Wire } from "./field.ts";
import { page } from "./list.ts";
import { TokenStatus } from "./token.ts";

export const NewGrant = Type.Object(
  {
    client_id: ClientId,
    subject: Subject,
    scope: Type.Optional(Scope),
    resource: Type.Optional(Uri("One of the client's `audience`; its first if absent.")),
    claims: Type.Optional(JsonMap("Put into the access tokens of this grant.")),
    attributes: Type.Optional(JsonMap("Shown by introspection beside the claims.")),
  },
  { additionalProperties: false },
);

export type NewGrant = Wire<typeof NewGrant>;

/** A token response (RFC 6749 section 5.1) with the grant's id. */
export const GrantTokens = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal("Bearer"),
  expires_in: Type.Integer({ description: "Seconds." }),
  refresh_token: Type.Optional(Type.String({ description: "Where the client has the grant type." })),
  scope: Type.Optional(Type.String()),
  grant_id: Type.String(),
});

export type GrantTokens = Wire<typeof GrantTokens>;

export const GrantItem = Type.Object({
  grant_id: Type.String(),
  client_id: Type.String(),
  subject: Type.String(),
  session_id: Type.Optional(Type.String()),
  scope: Type.String(),
  audience: Type.Array(Type.String()),
  offline: Type.Boolean(),
  authenticated_at: Type.Optional(Time),
  opened_at: Time,
  expires_at: Time,
  status: TokenStatus,
  last_used_at: Type.Optional(Time),
});

export type GrantItem = Wire<typeof GrantItem>;

export const GrantQuery = Type.Object(
  {
    subject: Type.Optional(Subject),
    client_id: Type.Optional(ClientId),
    grant_id: Type.Optional(Id("grant", "One grant.")),
    key_id: Type.Optional(Id("key", "Grants of which a token was issued with this consumer key.")),
    session_id: Type.Optional(Id("session", "Grants opened in this login session.")),
    status: Type.Optional(TokenStatus),
    ...page,
  },
  { additionalProperties: false },
);

export type GrantQuery = Wire<typeof GrantQuery>;
