// What a mock issuer signs with, and how it names units: a key for tokens, one for the feed, one for fingerprints.

import { fingerprintInput, fingerprintLength, toBase64url, type Unit } from "@rescind/core";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export interface MockKey {
  readonly publicJwk: JWK;
  /** A compact JWS of this type. */
  sign(typ: string, payload: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function mockKey(kid: string, alg: "ES256" | "EdDSA"): Promise<MockKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return {
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" },
    sign: (typ, payload) =>
      new SignJWT({ ...payload }).setProtectedHeader({ alg, kid, typ }).sign(privateKey),
  };
}

/** The fingerprint of a unit under a key: the first 16 bytes of an HMAC, base64url. */
export async function fingerprintOf(unit: Unit, key: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const hmac = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", hmac, fingerprintInput(unit));
  return toBase64url(new Uint8Array(mac, 0, fingerprintLength));
}
