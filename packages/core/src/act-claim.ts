// The `act` claim as it stands in a JWT (RFC 8693 section 4.1), read into what is kept of it: who acted, on whose behalf
// before. Members that say nothing of that (`exp`, `nbf` …) mean nothing there and are left out.

import type { ActClaim } from "./access-token.ts";

/** Actors inside one another that are kept; the outermost are those that count. */
const mostActors = 16;

/**
 * The chain of actors in a claim; undefined where there is none, or none that names somebody.
 * @param issuer whose subjects the actors are, unless they say otherwise; undefined: ours
 */
export function actOf(claim: unknown, issuer?: string): ActClaim | undefined {
  return read(claim, issuer, mostActors);
}

function read(claim: unknown, issuer: string | undefined, most: number): ActClaim | undefined {
  if (most === 0 || typeof claim !== "object" || claim === null || Array.isArray(claim)) return undefined;
  const { sub, client_id, iss = issuer, act } = claim as Record<string, unknown>; // members checked below
  if (typeof sub !== "string" || sub === "") return undefined;
  const before = read(act, issuer, most - 1);
  return {
    sub,
    ...(typeof client_id === "string" ? { client_id } : {}),
    ...(typeof iss === "string" ? { iss } : {}),
    ...(before === undefined ? {} : { act: before }),
  };
}
