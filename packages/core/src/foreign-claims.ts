// The claims of a foreign issuer's JWT, parsed once its signature is good. Providers differ in what they call client and
// scopes (`azp`, `scp`), and leave out what RFC 9068 wants; a member of the wrong type is refused all the same, since it
// could hide a unit from the rule. Does not check issuer, audience or times.

import type { ForeignToken } from "./foreign-token.ts";

/**
 * Reads the claims of a verified JWT; undefined if `iss` or `exp` is missing or any claim that counts is malformed.
 * @param kid of the key that verified it
 */
export function parseForeignClaims(
  claims: Readonly<Record<string, unknown>>,
  kid: string | undefined,
): ForeignToken | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti, azp, client_id: clientId } = claims;
  const audience = aud === undefined ? [] : typeof aud === "string" ? [aud] : aud;
  const scopes = scopesOf(claims.scope ?? claims.scp);
  if (!isText(iss) || !isTime(exp) || !isTexts(audience) || scopes === undefined) return undefined;
  if (!isOptional(iat, isTime) || !isOptional(nbf, isTime)) return undefined;
  if (!isOptional(sub, isText) || !isOptional(jti, isText)) return undefined;
  if (!isOptional(clientId, isText) || !isOptional(azp, isText)) return undefined;
  return {
    issuer: iss,
    tokenId: jti,
    subject: sub,
    clientId: clientId ?? azp,
    scopes,
    audience,
    issuedAt: iat,
    notBefore: nbf,
    expiresAt: exp,
    kid,
    claims,
  };
}

/** One text with spaces (RFC 9068), or a list (Okta's `scp`). */
function scopesOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return [];
  const scopes = typeof value === "string" ? value.split(" ").filter((scope) => scope !== "") : value;
  return isTexts(scopes) ? scopes : undefined;
}

/** Half a surrogate pair has no UTF-8, so no fingerprint of its own. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}
