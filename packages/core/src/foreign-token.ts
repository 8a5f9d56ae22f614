// JWTs of issuers that are registered here, so that they can be revoked and introspected here. DESIGN.md section 1.
// They carry no `rev`: `iat` decides about wide orders, within the clock tolerance, and without one they are covered.

import { lifetimes } from "./lifetimes.ts";
import type { Judged } from "./units.ts";

/** An issuer of other people's tokens, as it is registered. */
export interface ForeignIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  /** Seconds: a token that claims a longer life is not believed, so that no entry leaves before what it covers. */
  readonly maxTokenTtl: number;
}

/** Seconds; the cap of our own tokens is the cap for all. */
export const foreignTokenTtlCap = lifetimes.accessTokenCap;

/** What a verified foreign JWT says. Times are seconds since 1970. */
export interface ForeignToken {
  readonly issuer: string;
  readonly tokenId: string | undefined;
  readonly subject: string | undefined;
  /** `client_id`, else `azp`: of the foreign issuer's clients, never one of ours. */
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly issuedAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly expiresAt: number;
  readonly kid: string | undefined;
  /** All claims as they came. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * What the rule judges of it: units `issuer`, `subject` and `token` of that issuer only. It counts from its `iat` on, as
 * if that were its `nbf` too: one that is dated ahead would slip past every order until then.
 */
export function judgedForeignToken(token: ForeignToken): Judged {
  return {
    issuer: token.issuer,
    ours: false,
    tokenId: token.tokenId,
    subject: token.subject,
    offline: false,
    authorisedAt: token.issuedAt,
    notBefore: laterOf(token.notBefore, token.issuedAt),
    expiresAt: token.expiresAt,
    lineage: [],
  };
}

/** Seconds by which a token may exceed `maxTokenTtl`; less than entries stay beyond the longest life. */
const lifeTolerance = 60;

/**
 * True for a token that lives longer than its issuer's tokens are registered to: entries that cover it may be gone
 * before it is. Its whole life counts, from `iat`, else `nbf`: if what is left of it decided, it would be believed at
 * its end, when an entry that was made at its beginning has left. One that has neither is taken by what is left.
 * @param at seconds since 1970
 */
export function foreignLivesTooLong(
  token: Pick<Partial<ForeignToken>, "issuedAt" | "notBefore"> & Pick<ForeignToken, "expiresAt">,
  issuer: Pick<ForeignIssuer, "maxTokenTtl">,
  at: number,
): boolean {
  const { issuedAt, notBefore, expiresAt } = token;
  const began = Math.min(at, issuedAt ?? notBefore ?? at);
  return expiresAt > began + issuer.maxTokenTtl + lifeTolerance;
}

/** What introspection says of it: the members that have a meaning here, and nothing of ours. */
export function foreignTokenMembers(token: ForeignToken): Record<string, unknown> {
  const { subject, audience, clientId, scopes, issuedAt, tokenId } = token;
  return {
    iss: token.issuer,
    ...(subject === undefined ? {} : { sub: subject }),
    ...(audience.length === 0 ? {} : { aud: audience.length === 1 ? audience[0] : audience }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    exp: token.expiresAt,
    ...(issuedAt === undefined ? {} : { iat: issuedAt }),
    ...(tokenId === undefined ? {} : { jti: tokenId }),
  };
}

function laterOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
