// The claims of an access token, from a JWT (RFC 9068 section 2.2) or an introspection answer (RFC 7662), parsed once.
// A member of the wrong type is as bad as a missing one: it could hide a unit from the revocation rule.

import { fromBase64url, type Judged } from "@rescind/core";
import { type Confirmation, readConfirmation } from "./confirmation.ts";
import { membersOf } from "./json.ts";

/** What a resource server learns of a token that was accepted. Times are seconds since 1970. Frozen. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** Undefined only where a foreign issuer gave none, as are `tokenId` and `issuedAt`. */
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** The `jti`. */
  readonly tokenId: string | undefined;
  readonly issuedAt: number | undefined;
  readonly expiresAt: number;
  readonly grantId: string | undefined;
  readonly sessionId: string | undefined;
  /** Every claim as it came. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface ReadToken {
  readonly token: VerifiedToken;
  readonly judged: Judged;
  /** What who shows it has to prove. */
  readonly confirmation: Confirmation;
}

/**
 * Reads claims; undefined if a required one is missing or any of those we use is malformed. `signingKey` is the `kid`
 * that signed the token, undefined for an opaque one. Does not check issuer, audience or times.
 */
export function readAccessToken(claims: unknown, signingKey: string | undefined): ReadToken | undefined {
  const raw = membersOf(claims);
  const { iss, sub, aud, exp, iat, nbf, jti, client_id: clientId, scope, rev, lineage, offline } = raw;
  const { grant_id: grantId, sid: sessionId, key_id: keyId, grant_iat: grantIat } = raw;
  const audience = typeof aud === "string" ? [aud] : aud;
  if (!isText(iss) || !isText(sub) || !isText(jti) || !isText(clientId) || !isTexts(audience))
    return undefined;
  if (!isTime(exp) || !isTime(iat) || !isOptional(nbf, isTime) || !isOptional(grantIat, isTime))
    return undefined;
  if (!isOptional(grantId, isText) || !isOptional(sessionId, isText) || !isOptional(keyId, isText))
    return undefined;
  if (!isOptional(scope, isString) || !isOptional(offline, isBoolean)) return undefined;
  if (!isOptional(rev, isNumber) || !isOptional(lineage, isLineage)) return undefined;
  const token: VerifiedToken = freeze({
    issuer: iss,
    subject: sub,
    clientId,
    scopes: scope?.split(" ").filter((value) => value !== "") ?? [],
    audience,
    tokenId: jti,
    issuedAt: iat,
    expiresAt: exp,
    grantId,
    sessionId,
    claims: raw,
  });
  const judged: Judged = {
    issuer: iss,
    ours: true,
    tokenId: jti,
    grantId,
    sessionId,
    subject: sub,
    clientId,
    keyId,
    signingKey,
    offline: offline === true,
    rev,
    authorisedAt: grantIat ?? iat,
    expiresAt: exp,
    notBefore: nbf,
    lineage: lineage ?? [],
  };
  return { token, judged, confirmation: readConfirmation(raw.cnf) };
}

/** A token that was accepted is handed to many requests: none of them may change it for the others. */
export function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isLineage(value: unknown): value is readonly string[] {
  const isFingerprint = (item: unknown) => isText(item) && fromBase64url(item)?.length === 16;
  return Array.isArray(value) && value.every(isFingerprint);
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}
