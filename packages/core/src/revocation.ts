// The revocation decision: nothing, refuse, or an order. RFC 7009, CONTRACT.md section 6.

import { chooseReach, type Presented, type RevocationPolicy, unitReached } from "./cascade.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { Unit } from "./units.ts";

export interface RevocationRequest {
  /** The client that authenticated, or named itself if it is public. */
  readonly clientId: string;
  readonly policy: RevocationPolicy;
  /** The `cascade` parameter. */
  readonly cascade: string | undefined;
  /** What the presented token turned out to be; undefined if it is unknown, malformed or expired. */
  readonly token: (Presented & { readonly expiresAt: number }) | undefined;
  /** Seconds since 1970. */
  readonly at: number;
}

export type RevocationDecision =
  | { readonly kind: "nothing" }
  | { readonly kind: "order"; readonly unit: Unit }
  /** `foreign`: somebody else's token; no effect, but an audit entry. */
  | (Refusal & { readonly foreign?: true });

/**
 * Decides what a request to `/oauth2/revoke` does. Does not ask whether the token is revoked already: whether
 * an equal entry stands is the store's to judge, under its lock. A spent refresh token still ends its grant.
 */
export function decideRevocation(request: RevocationRequest): RevocationDecision {
  const { token } = request;
  const reach = chooseReach(token?.kind ?? "access", request.policy, request.cascade);
  if (typeof reach !== "string") return reach;
  if (token === undefined) return { kind: "nothing" };
  if (token.clientId !== request.clientId)
    return { ...refuse("invalid_grant", "The token was not issued to this client."), foreign: true };
  if (token.expiresAt <= request.at) return { kind: "nothing" };
  return { kind: "order", unit: unitReached(token, reach) };
}
