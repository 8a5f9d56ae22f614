// Many narrow orders in one call: each token or grant named becomes an entry of its own, as a single order would.

import Type from "typebox";
import { Count, Id, type Wire } from "./field.ts";
import { Note, Reason } from "./reason.ts";
import { TokenText } from "./select.ts";

/** Names in one call, all lists together. */
export const mostInBulk = 10_000;

/** Indexes of unknown names in one answer. */
export const mostUnknownAt = 1_000;

export const BulkRevocation = Type.Object(
  {
    tokens: Type.Optional(
      Type.Array(TokenText, {
        maxItems: mostInBulk,
        description: "Tokens by their text. A refresh token means its grant.",
      }),
    ),
    token_ids: Type.Optional(
      Type.Array(Id("token", "An access token's `jti`, or the id of a refresh token in a list."), {
        maxItems: mostInBulk,
      }),
    ),
    grant_ids: Type.Optional(Type.Array(Id("grant", "All tokens of a grant."), { maxItems: mostInBulk })),
    reason: Type.Optional(Reason),
    note: Type.Optional(Note),
    final: Type.Optional(Type.Boolean({ description: "Can never be lifted." })),
  },
  { additionalProperties: false, description: "10,000 names at most, all lists together." },
);

export type BulkRevocation = Wire<typeof BulkRevocation>;

export const BulkRevocationAnswer = Type.Object({
  revoked: Type.Integer({ minimum: 0, description: "Entries that this call made." }),
  already: Type.Integer({ minimum: 0, description: "Names for which an equal entry stood already." }),
  unknown: Count,
  seq: Type.Integer({ minimum: 0, description: "The number on the log from which all of it holds." }),
  unknown_at: Type.Array(Type.Integer({ minimum: 0 }), {
    description:
      "Which ones are unknown, counted from 0 through tokens, then token_ids, then grant_ids; the first 1,000.",
  }),
});

export type BulkRevocationAnswer = Wire<typeof BulkRevocationAnswer>;
