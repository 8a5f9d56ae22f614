// A key pair of a peer's: for tokens, or for what the feed signs.

import type { webcrypto } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK } from "jose";

export interface Signer {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicJwk: JWK;
}

export async function makeSigner(kid: string, alg: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}
