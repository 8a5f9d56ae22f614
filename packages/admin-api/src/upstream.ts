// Upstream OpenID providers: people sign in through them. The client secret goes in and never comes out. Identities: who a
// person is at such a provider.

import Type from "typebox";
import { Count, Id, ScopeValue, Subject, Text, Time, WebUri, type Wire } from "./field.ts";
import { page } from "./list.ts";

export const UpstreamId = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
  description: "Your choice: small letters, digits and hyphens. It is part of redirect_uri.",
});

const Issuer = Type.String({
  ...WebUri,
  description:
    "The provider's issuer, letter for letter; its metadata is fetched from there. Cannot be changed.",
});

const optional = {
  client_secret: Type.Union([Type.String({ minLength: 1, maxLength: 2048 }), Type.Null()], {
    description: "As the provider gave it; null for a public client.",
  }),
  scopes: Type.Array(ScopeValue, {
    maxItems: 32,
    uniqueItems: true,
    description: "openid, profile and email if absent; openid must be among them.",
  }),
  create_users: Type.Boolean({
    description: "Whoever comes for the first time becomes a user. false if absent.",
  }),
  link_by_email: Type.Boolean({
    description:
      "A verified email address joins the one user who has verified the same and has no role. false if absent.",
  }),
  trust_mfa: Type.Boolean({
    description: "A second factor that was shown there (amr mfa) is not asked for again. false if absent.",
  }),
  enabled: Type.Boolean({ description: "Whether people can sign in through it. true if absent." }),
};

const Name = Text(64, 'As people know it: the button says "Continue with" it.');
const UpstreamClientId = Text(255, "What the provider calls this server.");

export const NewUpstream = Type.Object(
  {
    upstream_id: UpstreamId,
    name: Name,
    issuer: Issuer,
    client_id: UpstreamClientId,
    ...Type.Partial(Type.Object(optional)).properties,
  },
  { additionalProperties: false },
);

export type NewUpstream = Wire<typeof NewUpstream>;

/** What is given replaces what was there. Another issuer is another provider. */
export const UpstreamChange = Type.Object(
  {
    name: Type.Optional(Name),
    client_id: Type.Optional(UpstreamClientId),
    ...Type.Partial(Type.Object(optional)).properties,
  },
  { additionalProperties: false, minProperties: 1 },
);

export type UpstreamChange = Wire<typeof UpstreamChange>;

export const UpstreamAnswer = Type.Object({
  upstream_id: Type.String(),
  name: Type.String(),
  issuer: Type.String(),
  client_id: Type.String(),
  has_secret: Type.Boolean(),
  scopes: Type.Array(Type.String()),
  create_users: Type.Boolean(),
  link_by_email: Type.Boolean(),
  trust_mfa: Type.Boolean(),
  enabled: Type.Boolean(),
  redirect_uri: Type.String({ description: "Register this one at the provider." }),
  created_at: Time,
  changed_at: Time,
  tokens: Type.Object(
    { held: Count, pending: Count, revoked: Count, expired: Count, left: Count, dead: Count },
    {
      description:
        "Tokens of sign-ins: held, to be revoked there (pending), revoked, expired before that, left (the provider revokes none), or given up (dead).",
    },
  ),
});

export type UpstreamAnswer = Wire<typeof UpstreamAnswer>;

export const UpstreamPath = Type.Object({ upstream_id: UpstreamId }, { additionalProperties: false });

/** Whether the provider answers at this moment. */
export const UpstreamCheck = Type.Object({
  reachable: Type.Boolean(),
  problem: Type.Union([Type.String(), Type.Null()], { description: "Why not, or what else is wrong." }),
  revocation_endpoint: Type.Union([Type.String(), Type.Null()], {
    description: "null: tokens of sign-ins cannot be revoked there (RFC 7009).",
  }),
  checked_at: Time,
});

export type UpstreamCheck = Wire<typeof UpstreamCheck>;

export const UpstreamTokenStatus = Type.Enum(["held", "pending", "revoked", "expired", "left", "dead"], {
  type: "string",
});

export const UpstreamTokenItem = Type.Object({
  token_id: Type.String(),
  kind: Type.Enum(["refresh_token", "access_token"], { type: "string" }),
  status: UpstreamTokenStatus,
  subject: Type.Optional(Type.String({ description: "Absent where nobody was signed in by it." })),
  session_id: Type.Optional(Type.String({ description: "The sign-in that it came with." })),
  ended_by: Type.Optional(Type.String({ description: "Why it is no longer held." })),
  created_at: Time,
  attempts: Count,
  next_attempt_at: Type.Optional(Time),
  last_result: Type.Optional(Type.String()),
  finished_at: Type.Optional(Time),
});

export type UpstreamTokenItem = Wire<typeof UpstreamTokenItem>;

export const UpstreamTokenQuery = Type.Object(
  { status: Type.Optional(UpstreamTokenStatus), ...page },
  { additionalProperties: false },
);

export type UpstreamTokenQuery = Wire<typeof UpstreamTokenQuery>;

export const UpstreamTokenPath = Type.Object(
  { upstream_id: UpstreamId, token_id: Id("upstreamToken", "The token's id.") },
  { additionalProperties: false },
);

export const Identity = Type.Object({
  identity_id: Type.String(),
  upstream_id: Type.String(),
  name: Type.String({ description: "The provider's." }),
  email: Type.Union([Type.String(), Type.Null()], { description: "As the provider said last." }),
  username: Type.Union([Type.String(), Type.Null()]),
  linked_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
});

export type Identity = Wire<typeof Identity>;

const IdentityId = Id("identity", "The identity's id.");

export const IdentityPath = Type.Object({ identity_id: IdentityId }, { additionalProperties: false });

export const UserIdentityPath = Type.Object(
  { sub: Subject, identity_id: IdentityId },
  { additionalProperties: false },
);

export const NewLink = Type.Object({ upstream_id: UpstreamId }, { additionalProperties: false });

export type NewLink = Wire<typeof NewLink>;

export const LinkAnswer = Type.Object({
  url: Type.String({ description: "Where the browser goes; it comes back to the account page." }),
});

export type LinkAnswer = Wire<typeof LinkAnswer>;
