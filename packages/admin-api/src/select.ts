// What an order selects: one unit, named by one member of `select`, or by two that go together: `subject` and `client_id`,
// or a foreign `issuer` and its `subject` or `jti`.
// The schema is flat, so that a wrong member is named; which members go together is `readSelect`'s to say.

import Type from "typebox";
import { ClientId, Id, Kid, Subject, Uri, type Wire } from "./field.ts";

const recorded = {
  token_id: Type.Optional(Id("token", "An access token's `jti`, or the id of a refresh token in a list.")),
  grant_id: Type.Optional(Id("grant", "All tokens of a grant.")),
  session_id: Type.Optional(Id("session", "A login session and everything with its `sid`.")),
  subject: Type.Optional(Subject),
  client_id: Type.Optional(ClientId),
  key_id: Type.Optional(Id("key", "Tokens issued with this consumer key.")),
  kid: Type.Optional(Kid),
  issuer: Type.Optional(
    Uri("A registered foreign issuer: all its tokens, or with subject or jti those of one."),
  ),
  jti: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      pattern: "^[^\\0\\p{Cs}]+$",
      description: "Of one token of a foreign issuer.",
    }),
  ),
  all: Type.Optional(Type.Literal(true, { description: "Every token and session of this issuer." })),
};

export const TokenText = Type.String({
  minLength: 1,
  maxLength: 16_384,
  pattern: "^[\\x21-\\x7e]+$",
  description: "A token's text. A refresh token means its grant.",
});

export const Select = Type.Object(
  {
    token: Type.Optional(TokenText),
    ...recorded,
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 2, description: "Exactly one unit." },
);

export type Select = Wire<typeof Select>;

/** As answers and histories show it: `{token}` is shown as the `token_id` or `grant_id` it turned out to be. */
export const RecordedSelect = Type.Object({
  ...recorded,
  scope: Type.Optional(
    Type.String({ description: "The one scope that the person took back of what the client may ask for." }),
  ),
});

export type RecordedSelect = Wire<typeof RecordedSelect>;

export type Selected =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "token_id"; readonly tokenId: string }
  | { readonly kind: "grant"; readonly grantId: string }
  | { readonly kind: "session"; readonly sessionId: string }
  | { readonly kind: "subject"; readonly subject: string }
  | { readonly kind: "client"; readonly clientId: string }
  | { readonly kind: "subject+client"; readonly subject: string; readonly clientId: string }
  | { readonly kind: "key"; readonly keyId: string }
  | { readonly kind: "signing-key"; readonly kid: string }
  | { readonly kind: "issuer"; readonly issuer: string }
  | { readonly kind: "issuer+subject"; readonly issuer: string; readonly subject: string }
  | { readonly kind: "issuer+jti"; readonly issuer: string; readonly jti: string }
  | { readonly kind: "all" };

/** The unit that a valid `Select` names; undefined where its members do not go together. */
export function readSelect(select: Select): Selected | undefined {
  const { token, token_id, grant_id, session_id, subject, client_id, key_id, kid, all } = select;
  const { issuer, jti } = select;
  const members = Object.values(select).filter((value) => value !== undefined).length;
  if (subject !== undefined && client_id !== undefined && members === 2)
    return { kind: "subject+client", subject, clientId: client_id };
  if (issuer !== undefined && subject !== undefined && members === 2)
    return { kind: "issuer+subject", issuer, subject };
  if (issuer !== undefined && jti !== undefined && members === 2) return { kind: "issuer+jti", issuer, jti };
  if (members !== 1) return undefined;
  if (token !== undefined) return { kind: "token", token };
  if (token_id !== undefined) return { kind: "token_id", tokenId: token_id };
  if (grant_id !== undefined) return { kind: "grant", grantId: grant_id };
  if (session_id !== undefined) return { kind: "session", sessionId: session_id };
  if (subject !== undefined) return { kind: "subject", subject };
  if (client_id !== undefined) return { kind: "client", clientId: client_id };
  if (key_id !== undefined) return { kind: "key", keyId: key_id };
  if (kid !== undefined) return { kind: "signing-key", kid };
  if (issuer !== undefined) return { kind: "issuer", issuer };
  return all === true ? { kind: "all" } : undefined;
}

/** True where the order may carry `before`: it covers what was authorised up to a time. */
export function takesBefore(selected: Selected): boolean {
  const narrow: readonly Selected["kind"][] = ["token", "token_id", "grant", "signing-key", "issuer+jti"];
  return !narrow.includes(selected.kind);
}
