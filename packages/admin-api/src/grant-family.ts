// What came of one grant. `exchanged_from` names the nearest tokens that are still known; empty where they are not, then
// the grant is all that is known of where it came from.

import Type from "typebox";
import { Id, Seq, Time, type Wire } from "./field.ts";
import { GrantItem } from "./grant.ts";
import { TokenItem, TokenStatus } from "./token.ts";

export const GrantPath = Type.Object(
  { grant_id: Id("grant", "One grant.") },
  { additionalProperties: false },
);

const FamilyRefreshItem = Type.Object({
  token_id: Type.String(),
  status: Type.Enum(["live", "expired", "revoked", "spent"], { type: "string" }),
  issued_at: Time,
  expires_at: Time,
  spent_at: Type.Optional(Time),
  successor_id: Type.Optional(Type.String({ description: "The refresh token that it was used for." })),
});

export type FamilyRefreshItem = Wire<typeof FamilyRefreshItem>;

const ExchangedItem = Type.Object({
  token_id: Type.String(),
  format: Type.Enum(["jwt", "opaque"], { type: "string" }),
  client_id: Type.String(),
  subject: Type.String(),
  scope: Type.String(),
  audience: Type.Array(Type.String()),
  issued_at: Time,
  expires_at: Time,
  status: TokenStatus,
  exchanged_from: Type.Array(Type.String()),
});

export type ExchangedItem = Wire<typeof ExchangedItem>;

export const GrantFamily = Type.Object(
  {
    grant: GrantItem,
    code: Type.Optional(
      Type.Object(
        { device: Type.Boolean({ description: "A device code's." }), issued_at: Time },
        { description: "What it was opened with; absent where an administrator opened it." },
      ),
    ),
    refresh_tokens: Type.Array(FamilyRefreshItem),
    access_tokens: Type.Array(TokenItem),
    exchanged_tokens: Type.Array(ExchangedItem),
    whole: Type.Boolean({
      description:
        "False where only the newest 200 of a kind are told, or not all exchanged tokens were looked at.",
    }),
    at: Time,
    head: Seq,
  },
  { description: "What is still stored of it: expired tokens are removed a day after their end." },
);

export type GrantFamily = Wire<typeof GrantFamily>;
