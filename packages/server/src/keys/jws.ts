// Compact JWS, signed and verified natively (RFC 7515); tested against `jose`. The algorithm always comes from the
// key, never from the token's header (RFC 8725 section 3.1).

import { constants, type KeyObject, sign, verify } from "node:crypto";
import type { SigningAlg } from "@rescind/core";

/** Longest token that is looked at, in characters; longer ones are refused unread. */
export const longestJws = 8192;

export interface DecodedJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

/** `header` is the encoded protected header, so that it can be prepared once per key. */
export function signJws(header: string, payload: object, alg: SigningAlg, key: KeyObject): string {
  const input = `${header}.${encodeJson(payload)}`;
  return `${input}.${signBytes(Buffer.from(input), alg, key).toString("base64url")}`;
}

export function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Splits a compact JWS of canonical base64url into JSON objects; undefined if it is anything else. Verifies nothing. */
export function decodeJws(text: string): DecodedJws | undefined {
  if (text.length > longestJws) return undefined;
  const parts = text.split(".");
  const [header, payload, signature] = parts.map(canonicalBytes);
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    return undefined;
  const headerObject = jsonObject(header);
  const payloadObject = jsonObject(payload);
  if (headerObject === undefined || payloadObject === undefined) return undefined;
  return {
    header: headerObject,
    payload: payloadObject,
    signed: text.slice(0, text.lastIndexOf(".")),
    signature,
  };
}

/** True if the signature is the key's over this token, by the key's own algorithm. */
export function verifyJws(jws: DecodedJws, alg: SigningAlg, key: KeyObject): boolean {
  if (jws.header.alg !== alg || "crit" in jws.header || "b64" in jws.header) return false;
  const input = Buffer.from(jws.signed);
  switch (alg) {
    case "ES256":
      return verify("sha256", input, { key, dsaEncoding: "ieee-p1363" }, jws.signature);
    case "RS256":
      return isOfLength(jws.signature, key) && verify("sha256", input, key, jws.signature);
    case "PS256":
      return isOfLength(jws.signature, key) && verify("sha256", input, { key, ...pss }, jws.signature);
    case "EdDSA":
      return verify(null, input, key, jws.signature);
  }
}

/** RFC 8017 sections 8.1.2 and 8.2.2, step 1: Node would take an RSA signature without its leading zeros too. */
function isOfLength(signature: Uint8Array, { asymmetricKeyDetails }: KeyObject): boolean {
  return signature.length === Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

function signBytes(input: Buffer, alg: SigningAlg, key: KeyObject): Buffer {
  switch (alg) {
    case "ES256":
      return joseFromDer(sign("sha256", input, key));
    case "RS256":
      return sign("sha256", input, key);
    case "PS256":
      return sign("sha256", input, { key, ...pss });
    case "EdDSA":
      return sign(null, input, key);
  }
}

/** An ECDSA signature in DER as r and s of 32 bytes each; faster here than asking OpenSSL for that form. */
function joseFromDer(der: Buffer): Buffer {
  const out = Buffer.alloc(64);
  const rLength = der[3] ?? 0;
  copyRight(der.subarray(4, 4 + rLength), out, 32);
  const sStart = 6 + rLength;
  copyRight(der.subarray(sStart, sStart + (der[sStart - 1] ?? 0)), out, 64);
  return out;
}

function copyRight(integer: Buffer, out: Buffer, end: number): void {
  const bytes = integer.length > 32 ? integer.subarray(integer.length - 32) : integer;
  bytes.copy(out, end - bytes.length);
}

function canonicalBytes(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : undefined;
}

function jsonObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>; // a JSON object, by the line above
  } catch {
    return undefined;
  }
}
