// Whether a JWT is genuine and meant for us: issuer, signature, claims, audience. All of it holds as long as the token
// exists; whether it is live is not asked here. RFC 9068 section 4, RFC 8725.

import { compactVerify } from "jose";
import type { ReadToken } from "./access-token.ts";
import { claimedIssuer, parseBytes, readJwtHeader } from "./jwt.ts";
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
  const claimed = claimedIssuer(text);
  const issuer = claimed === undefined ? own : issuers.get(claimed);
  if (issuer === undefined) throw new TokenRejected("issuer");
  const header = readJwtHeader(text, issuer.form);
  if (header === undefined) throw new TokenRejected("malformed");
  const key = await issuer.keys.find(header.kid);
  if (key === undefined) throw new TokenRejected("unknown-key");
  if (canonicalAlgorithm(header.alg) !== canonicalAlgorithm(key.alg)) throw new TokenRejected("signature");
  const verified = await compactVerify(text, key.key, { algorithms: [header.alg] }).catch(
    (cause: unknown) => {
      throw new TokenRejected("signature", { cause });
    },
  );
  const read = issuer.read(parseBytes(verified.payload), header.kid);
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
