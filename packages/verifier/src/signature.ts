// Whether the signature of a compact JWS is good (RFC 7515 section 5.2): by Node's own verification, or by jose over
// WebCrypto wherever that is not there. The key says what may sign with it, not the token (RFC 8725 section 3.1).

import { compactVerify } from "jose";
import { derSignature } from "./ecdsa-signature.ts";
import type { WellFormedJwt } from "./jwt.ts";
import { type NativeKey, type NativeVerification, nativeVerification } from "./native-crypto.ts";

/** Whether these bytes have this signature. */
type Check = (signed: Uint8Array, signature: Uint8Array) => boolean;

export interface VerificationKey {
  readonly alg: string;
  readonly key: CryptoKey;
  /** Undefined where this runtime or this kind of key goes by WebCrypto. */
  readonly check: Check | undefined;
  /** Bytes of a signature by this key; undefined where it is not RSA. */
  readonly rsaLength: number | undefined;
}

/** How Node verifies one algorithm, and which keys are for it (RFC 7518 section 3.1, RFC 8037). */
interface NativeAlgorithm {
  readonly digest: string | null;
  readonly name: string;
  readonly curve?: string;
  /** Bytes of each of the two numbers of an ECDSA signature. */
  readonly numberLength?: number;
  readonly padding?: { readonly padding: number; readonly saltLength: number };
}

const ecdsa = { name: "ECDSA" };
/** RSA_PKCS1_PSS_PADDING, with a salt as long as the digest. */
const pss = { name: "RSA-PSS", padding: { padding: 6, saltLength: -1 } };
const rsa = { name: "RSASSA-PKCS1-v1_5" };
const edwards = { name: "Ed25519", digest: null };
const algorithms: Readonly<Record<string, NativeAlgorithm>> = {
  ES256: { ...ecdsa, digest: "sha256", curve: "P-256", numberLength: 32 },
  ES384: { ...ecdsa, digest: "sha384", curve: "P-384", numberLength: 48 },
  ES512: { ...ecdsa, digest: "sha512", curve: "P-521", numberLength: 66 },
  EdDSA: edwards,
  Ed25519: edwards,
  PS256: { ...pss, digest: "sha256" },
  PS384: { ...pss, digest: "sha384" },
  PS512: { ...pss, digest: "sha512" },
  RS256: { ...rsa, digest: "sha256" },
  RS384: { ...rsa, digest: "sha384" },
  RS512: { ...rsa, digest: "sha512" },
};
/** Bits: RFC 7518 sections 3.3 and 3.5. */
const leastModulus = 2048;
const encoder = new TextEncoder();

/** A key to verify signatures of this algorithm with. */
export function verificationKey(alg: string, key: CryptoKey): VerificationKey {
  return { alg, key, check: nativeCheck(alg, key), rsaLength: rsaLengthOf(key) };
}

/** The key by WebCrypto alone. */
export function webVerificationKey(alg: string, key: CryptoKey): VerificationKey {
  return { alg, key, check: undefined, rsaLength: rsaLengthOf(key) };
}

/** Whether a JWT has a good signature by this key, whose algorithm is that of its header under one of its names. */
export function hasGoodSignature(
  { text, signature, alg }: Pick<WellFormedJwt, "text" | "signature" | "alg">,
  key: VerificationKey,
): boolean | Promise<boolean> {
  // RFC 8017 sections 8.1.2 and 8.2.2, step 1: what verifies takes a number without its leading zeros too.
  if (key.rsaLength !== undefined && signature.length !== key.rsaLength) return false;
  if (key.check !== undefined)
    return key.check(encoder.encode(text.slice(0, text.lastIndexOf("."))), signature);
  return compactVerify(text, key.key, { algorithms: [alg] }).then(
    () => true,
    () => false,
  );
}

function nativeCheck(alg: string, key: CryptoKey): Check | undefined {
  const algorithm = algorithms[alg];
  if (nativeVerification === undefined || algorithm === undefined || !isFor(key, algorithm)) return undefined;
  return checkOf(nativeVerification, algorithm, nativeVerification.KeyObject.from(key));
}

function rsaLengthOf({ algorithm }: CryptoKey): number | undefined {
  // boundary: RSA keys have it
  const { modulusLength } = algorithm as KeyAlgorithm & { readonly modulusLength?: number };
  return modulusLength === undefined ? undefined : Math.ceil(modulusLength / 8);
}

/** The key goes in by itself wherever it can: with anything beside it Node sets it up anew each time. */
function checkOf({ verify }: NativeVerification, algorithm: NativeAlgorithm, key: NativeKey): Check {
  const { digest, numberLength, padding } = algorithm;
  if (padding !== undefined) {
    const padded = { key, ...padding };
    return (signed, signature) => verify(digest, signed, padded, signature);
  }
  if (numberLength === undefined) return (signed, signature) => verify(digest, signed, key, signature);
  return (signed, signature) => {
    const der = derSignature(signature, numberLength);
    return der !== undefined && verify(digest, signed, key, der);
  };
}

/** What does not fit is left to WebCrypto, which refuses it. */
function isFor(key: CryptoKey, { name, digest, curve }: NativeAlgorithm): boolean {
  // boundary: which of these members there are depends on the kind of key
  const { namedCurve, modulusLength, hash } = key.algorithm as KeyAlgorithm & {
    readonly namedCurve?: string;
    readonly modulusLength?: number;
    readonly hash?: { readonly name: string };
  };
  if (key.algorithm.name !== name || namedCurve !== curve || !key.usages.includes("verify")) return false;
  if (!name.startsWith("RSA")) return true;
  return (modulusLength ?? 0) >= leastModulus && hash?.name.replace("-", "").toLowerCase() === digest;
}
