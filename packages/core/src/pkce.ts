// PKCE: RFC 7636, S256 only. The caller hashes.

import { type Refusal, refuse } from "./refusal.ts";

/** 43 characters of base64url: a SHA-256. */
export function isCodeChallenge(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** RFC 7636 section 4.1. */
export function isCodeVerifier(text: string): boolean {
  return /^[\w.~-]{43,128}$/.test(text);
}

/**
 * Judges the verifier at the token endpoint. A challenge that was sent is always enforced, and a verifier without one is
 * refused too: either is somebody else's code.
 * @param hashed base64url of the SHA-256 of the verifier; undefined if none was sent
 */
export function checkVerifier(
  challenge: string | undefined,
  hashed: string | undefined,
): Refusal | undefined {
  if (challenge === hashed) return undefined;
  if (challenge === undefined)
    return refuse(
      "invalid_grant",
      "code_verifier is given, but the code was asked for without code_challenge.",
    );
  return refuse("invalid_grant", "code_verifier is missing or does not belong to this code.");
}
