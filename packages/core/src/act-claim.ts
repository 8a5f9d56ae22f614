// The `act` claim as it stands in a JWT (RFC 8693 section 4.1), read into what is kept of it: who acted, on whose behalf
// before. Members that say nothing of that (`exp`, `nbf` …) mean nothing there and are left out.

import type { ActClaim } from "./access-token.ts";

/** Actors inside one another that are kept; the outermost are those that count. */
const mostActors = 16;

/** The chain of actors in a claim of ours; undefined where there is none, or none that names somebody. */
export function actOf(claim: unknown): ActClaim | undefined {
  return read(claim, (iss) => (typeof iss === "string" ? { iss } : {}), mostActors);
}

/**
 * The chain of actors as a foreign issuer tells it: its own people, unless it says whose. It ends where it would speak
 * of ours.
 */
export function foreignActOf(claim: unknown, issuer: string, ours: string): ActClaim | undefined {
  const whose = (iss: unknown): Whose | undefined =>
    iss === ours ? undefined : { iss: typeof iss === "string" ? iss : issuer };
  return read(claim, whose, mostActors);
}

type Whose = Pick<ActClaim, "iss">;

/** @param whose of an actor's `iss`; undefined ends the chain */
function read(
  claim: unknown,
  whose: (iss: unknown) => Whose | undefined,
  most: number,
): ActClaim | undefined {
  if (most === 0 || typeof claim !== "object" || claim === null || Array.isArray(claim)) return undefined;
  const { sub, client_id, iss, act } = claim as Record<string, unknown>; // members checked below
  const named = whose(iss);
  if (typeof sub !== "string" || sub === "" || named === undefined) return undefined;
  const before = read(act, whose, most - 1);
  return {
    sub,
    ...(typeof client_id === "string" ? { client_id } : {}),
    ...named,
    ...(before === undefined ? {} : { act: before }),
  };
}
