// The public keys of a foreign issuer, from its JWK set (RFC 7517), and the signature of its JWTs. What a key may verify
// is the key's to say, never the token's (RFC 8725 section 3.1); symmetric keys are never taken.

import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { compactVerify } from "jose";

export interface ForeignKey {
  readonly kid: string | undefined;
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

/** Keys of one set that are looked at. */
const mostKeys = 100;
const fewestRsaBits = 2048;

const rsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const curveAlgorithms: Readonly<Record<string, readonly string[]>> = {
  "P-256": ["ES256"],
  "P-384": ["ES384"],
  "P-521": ["ES512"],
  // RFC 9864 gives the algorithm of this curve a name of its own.
  Ed25519: ["EdDSA", "Ed25519"],
};

/**
 * The keys of a set that can verify signatures; others are left out.
 * @throws Error if this is no JWK set
 */
export function foreignKeys(document: unknown): readonly ForeignKey[] {
  const keys: unknown =
    typeof document === "object" && document !== null && "keys" in document ? document.keys : undefined;
  if (!Array.isArray(keys)) throw new Error("the document is not a JWK set");
  return keys.slice(0, mostKeys).flatMap((jwk: unknown) => foreignKey(jwk) ?? []);
}

function foreignKey(jwk: unknown): ForeignKey | undefined {
  if (typeof jwk !== "object" || jwk === null) return undefined;
  const { kty, crv, n, e, x, y, alg, use, key_ops: operations, kid } = jwk as Record<string, unknown>; // checked below
  if (use !== undefined && use !== "sig") return undefined;
  if (Array.isArray(operations) && !operations.includes("verify")) return undefined;
  if (kid !== undefined && typeof kid !== "string") return undefined;
  const possible = kty === "RSA" ? rsaAlgorithms : (curveAlgorithms[String(crv)] ?? []);
  const algorithms = alg === undefined ? possible : possible.filter((name) => name === alg);
  if (algorithms.length === 0) return undefined;
  try {
    // Public members only, whatever else the set gives away.
    const key = createPublicKey({ key: { kty, crv, n, e, x, y } as JsonWebKey, format: "jwk" }); // it checks their types
    const { modulusLength } = key.asymmetricKeyDetails ?? {};
    if (modulusLength !== undefined && modulusLength < fewestRsaBits) return undefined;
    return { kid, algorithms: withBothNames(algorithms), key };
  } catch {
    return undefined;
  }
}

/** A key that names its algorithm by either of Ed25519's two names means the same one. */
function withBothNames(algorithms: readonly string[]): readonly string[] {
  return algorithms.some((name) => name === "EdDSA" || name === "Ed25519")
    ? ["EdDSA", "Ed25519"]
    : algorithms;
}

/** Keys that a token of this `kid` may be signed with; one without a `kid` may be of any. */
export function candidates(keys: readonly ForeignKey[], kid: string | undefined): readonly ForeignKey[] {
  return kid === undefined ? keys : keys.filter((key) => key.kid === kid);
}

/** The key whose signature a compact JWS carries, by an algorithm of that key; undefined if there is none. */
export async function verifyingKey(
  text: string,
  alg: unknown,
  keys: readonly ForeignKey[],
): Promise<ForeignKey | undefined> {
  for (const candidate of keys) {
    if (typeof alg !== "string" || !candidate.algorithms.includes(alg)) continue;
    const isGood = await compactVerify(text, candidate.key, { algorithms: [alg] }).then(
      () => true,
      () => false,
    );
    if (isGood) return candidate;
  }
  return undefined;
}
