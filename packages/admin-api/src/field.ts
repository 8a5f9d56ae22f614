// The fields that several calls share, with their limits: identifiers, scopes, URIs, texts, times, JSON maps.
// Patterns are anchored and free of backtracking; they are read with the `u` flag, as JSON Schema asks.
// What a pattern cannot state (that a time exists, that a host is no private address) is the server's to check.

import { type IdKind, idPrefixes } from "@rescind/core";
import Type from "typebox";

/** No control, format (bidirectional overrides among them), surrogate or line-separating characters. */
const printable = "^[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]+$";

/** Printable text of one line, counted in characters. */
export function Text(maxLength: number, description: string) {
  return Type.String({ minLength: 1, maxLength, pattern: printable, description });
}

/** A public id: its prefix and the row's id. */
export function Id(kind: IdKind, description: string) {
  const prefix = idPrefixes[kind];
  const pattern = `^${prefix}[1-9][0-9]{0,18}$`;
  return Type.String({ pattern, maxLength: prefix.length + 19, description });
}

/** Visible ASCII without spaces (RFC 6749 appendix A.1); not "." or "..", which no URL path can carry. */
export const ClientId = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: "^(?!\\.{1,2}$)[\\x21-\\x7e]+$",
  description: "The client's id.",
});

export const Subject = Text(255, "The subject (`sub`): 1 to 255 printable characters, not a client's id.");

/** A JWK thumbprint (RFC 7638) as the server makes them, or what an imported key brought along. */
export const Kid = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: "^[\\w.~-]+$",
  description: "The `kid` of a signing key.",
});

export const Scope = Type.String({
  maxLength: 4096,
  pattern: "^([\\x21\\x23-\\x5b\\x5d-\\x7e]+( [\\x21\\x23-\\x5b\\x5d-\\x7e]+)*)?$",
  description: "Scope values separated by single spaces (RFC 6749 section 3.3).",
});

export const ScopeValue = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: "^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$",
});

/** An absolute URI without a fragment (RFC 3986; RFC 8707 section 2 for resources), in ASCII. */
export function Uri(description: string) {
  return Type.String({
    minLength: 3,
    maxLength: 2048,
    pattern: "^[A-Za-z][A-Za-z0-9+.-]*:[\\x21\\x22\\x24-\\x7e]+$",
    description,
  });
}

/** The URL of a document the server fetches. */
export const WebUri = Type.String({
  maxLength: 2048,
  pattern: "^https?://[\\x21\\x22\\x24-\\x7e]+$",
  description: "An http or https URL without a fragment.",
});

/** Scheme, host and port as browsers send them (RFC 6454 section 6.2): no path, no trailing slash. */
export const Origin = Type.String({
  maxLength: 300,
  pattern: "^[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\\[[0-9a-f:.]+\\])(:[1-9][0-9]{0,4})?$",
  description: "An origin in lower case, for example https://app.example",
});

/** RFC 3339; for orders whole seconds only, as entries of the log hold no finer ones. */
export const WholeSecond = Type.String({
  maxLength: 40,
  pattern:
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.0{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
  description: "RFC 3339 time in whole seconds.",
});

/** A time in an answer. */
export const Time = Type.String({ format: "date-time", description: "RFC 3339 time in UTC." });

/** Members of the caller's choice; names and total size are checked against what tokens may carry (4 KiB). */
export function JsonMap(description: string) {
  return Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.Unknown(), {
    maxProperties: 64,
    description,
  });
}

/** Words for people by scope value; that the scopes are registered is checked beyond the shape. */
export function ScopeDescriptions(description: string) {
  const words = Text(200, "What the scope lets an application do, for example: See your photos.");
  return Type.Record(Type.String({ minLength: 1, maxLength: 255 }), words, {
    maxProperties: 200,
    description,
  });
}

export const Seq = Type.Integer({ minimum: 0, description: "A number on the revocation log." });

export const Count = Type.Integer({ minimum: 0 });

/** A schema's type, where an absent member may also be written as `undefined`. */
export type Wire<Schema extends Type.TSchema> = Lenient<Type.Static<Schema>>;

type Lenient<Value> = {
  [Name in keyof Value]: undefined extends Value[Name]
    ? Value[Name]
    : object extends Pick<Value, Name>
      ? Value[Name] | undefined
      : Value[Name];
};
