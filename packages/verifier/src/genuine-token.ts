// Whether a JWT is genuine and meant for us: issuer, signature, claims, audience. All of it holds as long as the token
// exists; whether it is live is not asked here. RFC 9068 section 4, RFC 8725.

import type { ReadToken } from "./access-token.ts";
import { membersOf } from "./json.ts";
import { parseBytes, readForm, readJwt } from "./jwt.ts";
import { hasGoodSignature } from "./signature.ts";
import { TokenRejected } from "./token-rejected.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

/** A token of this issuer, for one of its audiences. */
export interface GenuineToken extends ReadToken {
  readonly issuer: TrustedIssuer;
}

/**
 * Reads a JWT of one of these issuers. The claim `iss` chooses whose keys are tried, and nothing more: it is believed
 * when the signature of that issuer is good. Without one, `own` is tried.
 * @throws TokenRejected; Unanswered when the keys cannot be had
 */
export async function readGenuineJwt(
  text: string,
  issuers: ReadonlyMap<string, TrustedIssuer>,
  own: TrustedIssuer,
): Promise<GenuineToken> {
  const unverified = readJwt(text);
  const claims = unverified.payload === undefined ? undefined : parseBytes(unverified.payload);
  const claimed = membersOf(claims).iss;
  const issuer = typeof claimed === "string" && claimed !== "" ? issuers.get(claimed) : own;
  if (issuer === undefined) throw new TokenRejected("issuer");
  const jwt = readForm(unverified, issuer.form);
  if (jwt === undefined) throw new TokenRejected("malformed");
  const key = await issuer.keys.find(jwt.kid);
  if (key === undefined) throw new TokenRejected("unknown-key");
  if (canonicalAlgorithm(jwt.alg) !== canonicalAlgorithm(key.alg)) throw new TokenRejected("signature");
  const isSigned = hasGoodSignature(jwt, key);
  if (!(isSigned === true || (await isSigned))) throw new TokenRejected("signature");
  const read = issuer.read(claims, jwt.kid);
  if (read === undefined) throw new TokenRejected("claims");
  requireFor(read, issuer);
  return { ...read, issuer };
}

/** @throws TokenRejected unless the token is of this issuer and for one of its audiences */
export function requireFor({ token }: ReadToken, { issuer, audience }: TrustedIssuer): void {
  if (token.issuer !== issuer) throw new TokenRejected("issuer");
  if (!token.audience.some((name) => audience.includes(name))) throw new TokenRejected("audience");
}

/** RFC 9864 names Ed25519 by itself; both names mean the same key here. */
function canonicalAlgorithm(alg: string): string {
  return alg === "EdDSA" ? "Ed25519" : alg;
}
