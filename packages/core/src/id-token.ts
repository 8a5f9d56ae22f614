// ID tokens: OpenID Connect Core section 2. About the authentication; claims about the person are at userinfo.

import { authenticationClaims } from "./authentication.ts";

export interface IdTokenFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  /** Seconds. */
  readonly issuedAt: number;
  readonly authTime: number | undefined;
  readonly nonce: string | undefined;
  readonly sessionId: string | undefined;
  readonly amr: readonly string[] | undefined;
  /** Base64url of the left half of the access token's hash (section 3.1.3.6); the caller hashes. */
  readonly atHash: string;
}

/** Seconds. */
export const idTokenLife = 15 * 60;

export function idTokenClaims(facts: IdTokenFacts): Record<string, unknown> {
  return {
    iss: facts.issuer,
    sub: facts.subject,
    aud: facts.clientId,
    azp: facts.clientId,
    exp: facts.issuedAt + idTokenLife,
    iat: facts.issuedAt,
    ...(facts.authTime === undefined ? {} : { auth_time: facts.authTime }),
    ...(facts.nonce === undefined ? {} : { nonce: facts.nonce }),
    ...(facts.sessionId === undefined ? {} : { sid: facts.sessionId }),
    ...authenticationClaims(facts.amr),
    at_hash: facts.atHash,
  };
}
