// Access tokens: the facts stored of each, what is judged, and the claims of the JWT form (RFC 9068).
// Times are seconds since 1970.

import { authenticationClaims } from "./authentication.ts";
import { formatId } from "./identifier.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { RowId } from "./token-format.ts";
import type { Judged } from "./units.ts";

/** What is known of an access token, opaque or JWT. */
export interface AccessToken {
  readonly id: RowId;
  readonly clientId: string;
  readonly subject: string;
  /** Absent for client credentials. */
  readonly grantId: string | undefined;
  readonly sessionId: string | undefined;
  readonly keyId: string | undefined;
  /** Absent for opaque tokens. */
  readonly kid: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly rev: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly grantIat: number | undefined;
  readonly authTime: number | undefined;
  /** How the person authenticated then (RFC 8176); not on exchanged tokens. */
  readonly amr?: readonly string[] | undefined;
  readonly offline: boolean;
  /** Fingerprints of every unit of the tokens it was exchanged from, and of theirs (`token-exchange.ts`). */
  readonly lineage: readonly string[];
  /** How often it was exchanged: 0 or absent for a token that was not. */
  readonly exchanges?: number | undefined;
  /** Who acts for the subject (RFC 8693 section 4.1); on exchanged tokens with an actor. */
  readonly act?: ActClaim | undefined;
  /** Custom claims and attributes, shown by introspection and put into JWTs. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The `act` claim: the current actor outermost, those before it inside (RFC 8693 section 4.1). */
export interface ActClaim {
  readonly sub: string;
  readonly client_id?: string | undefined;
  readonly iss?: string | undefined;
  readonly act?: ActClaim | undefined;
}

/** Claims the server sets; configured claims may not use these names. */
export const reservedClaims: readonly string[] = [
  "iss",
  "sub",
  "aud",
  "exp",
  "nbf",
  "iat",
  "jti",
  "client_id",
  "scope",
  "rev",
  "grant_id",
  "sid",
  "offline",
  "key_id",
  "grant_iat",
  "auth_time",
  "acr",
  "amr",
  "lineage",
  "exchanges",
  "cnf",
  "act",
  "active",
  "token_type",
  "kid",
  "head",
  "hash",
  "username",
];

/** Bytes all configured claims of one token may take as JSON. */
export const claimsCap = 4096;

/** What the rule judges of this token. */
export function judgedAccessToken(token: AccessToken, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    tokenId: formatId("token", token.id),
    grantId: token.grantId,
    sessionId: token.sessionId,
    subject: token.subject,
    clientId: token.clientId,
    keyId: token.keyId,
    signingKey: token.kid,
    offline: token.offline,
    rev: token.rev,
    authorisedAt: token.grantIat ?? token.issuedAt,
    expiresAt: token.expiresAt,
    lineage: token.lineage,
  };
}

/** The claims that JWT and introspection share: RFC 9068 section 2.2 and CONTRACT.md section 4. */
export function accessTokenClaims(token: AccessToken, issuer: string): Record<string, unknown> {
  // Member by member: spreading a little object for each that may be absent takes as long as writing the JSON.
  const claims: Record<string, unknown> = { ...token.claims };
  claims.iss = issuer;
  claims.sub = token.subject;
  claims.aud = token.audience.length === 1 ? token.audience[0] : token.audience;
  claims.exp = token.expiresAt;
  claims.iat = token.issuedAt;
  claims.jti = formatId("token", token.id);
  claims.client_id = token.clientId;
  if (token.scopes.length > 0) claims.scope = token.scopes.join(" ");
  claims.rev = token.rev;
  if (token.grantId !== undefined) claims.grant_id = token.grantId;
  if (token.sessionId !== undefined) claims.sid = token.sessionId;
  if (token.offline) claims.offline = true;
  if (token.keyId !== undefined) claims.key_id = token.keyId;
  if (token.grantIat !== undefined) claims.grant_iat = token.grantIat;
  if (token.authTime !== undefined) claims.auth_time = token.authTime;
  Object.assign(claims, authenticationClaims(token.amr));
  if (token.lineage.length > 0) {
    claims.lineage = token.lineage;
    claims.exchanges = token.exchanges ?? 0;
  }
  if (token.act !== undefined) claims.act = token.act;
  return claims;
}

/** Checks configured claims: names the server sets are refused, and all together stay under the cap. */
export function checkClaims(claims: Readonly<Record<string, unknown>>): Refusal | undefined {
  const names = Object.keys(claims);
  if (names.length === 0) return undefined;
  const taken = names.find((name) => reservedClaims.includes(name));
  if (taken !== undefined)
    return refuse(
      "invalid_request",
      `The claim ${JSON.stringify(taken)} is set by the server; choose another name.`,
    );
  if (new TextEncoder().encode(JSON.stringify(claims)).length > claimsCap)
    return refuse("invalid_request", "Configured claims of one token may take 4096 bytes of JSON at most.");
  return undefined;
}
