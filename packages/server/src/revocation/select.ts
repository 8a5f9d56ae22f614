// `select` of an order, in the words of CONTRACT.md section 5, made from a unit: what the history shows.

import type { Unit } from "@rescind/core";

export function selectOf(unit: Unit): Readonly<Record<string, unknown>> {
  switch (unit.name) {
    case "token":
      return { token_id: unit.value };
    case "grant":
      return { grant_id: unit.value };
    case "session":
    case "logout":
      return { session_id: unit.value };
    case "subject":
      return { subject: unit.value };
    case "client":
      return { client_id: unit.value };
    case "subject+client":
      return { subject: unit.value, client_id: unit.client };
    case "key":
      return { key_id: unit.value };
    case "signing-key":
      return { kid: unit.value };
    case "issuer":
      return { issuer: unit.issuer };
    case "all":
      return { all: true };
  }
}

/** As `selectOf`, for a unit of another issuer's tokens. */
export function foreignSelectOf({ name, issuer, value }: Unit): Readonly<Record<string, unknown>> {
  if (name === "token") return { issuer, jti: value };
  return name === "subject" ? { issuer, subject: value } : { issuer };
}
