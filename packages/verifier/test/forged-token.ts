// Takes tokens apart and puts them together again, signed by whatever key, or not at all.

import { createHmac, generateKeyPairSync, sign as signBytes, webcrypto } from "node:crypto";
import type { Signer } from "./peer-signer.ts";

export type Json = Record<string, unknown>;

export const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const encodeText = (text: string | Buffer) => Buffer.from(text).toString("base64url");

export function decode(token: string): { header: Json; claims: Json; signature: string } {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const read = (part: string): Json => JSON.parse(Buffer.from(part, "base64url").toString());
  return { header: read(header), claims: read(payload), signature };
}

/** The good token with another header, signature kept. */
export function withHeader(token: string, change: Json): string {
  const { header, claims, signature } = decode(token);
  return `${encode({ ...header, ...change })}.${encode(claims)}.${signature}`;
}

/** The good token with other claims, signature kept. */
export function withClaims(token: string, change: Json): string {
  const { header, claims, signature } = decode(token);
  return `${encode(header)}.${encode({ ...claims, ...change })}.${signature}`;
}

/** The good token with other bytes for its signature. */
export function withSignature(token: string, signature: Uint8Array): string {
  return `${token.slice(0, token.lastIndexOf("."))}.${Buffer.from(signature).toString("base64url")}`;
}

/** Signed with an HMAC whose secret is something public. */
export function hmac(token: string, alg: string, secret: string | Buffer): string {
  const { header, claims } = decode(token);
  const input = `${encode({ ...header, alg })}.${encode(claims)}`;
  const mac = createHmac(`sha${alg.slice(2)}`, secret)
    .update(input)
    .digest("base64url");
  return `${input}.${mac}`;
}

/** Signed by a key of the attacker's that the header brings along. */
export function selfSigned(token: string, change: (jwk: Json) => Json): string {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { header, claims } = decode(token);
  const jwk: Json = { ...publicKey.export({ format: "jwk" }) };
  const input = `${encode({ ...header, ...change(jwk) })}.${encode(claims)}`;
  const signature = signBytes("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** These very texts as header and payload, well signed by an ES256 key. */
export async function signedTexts(signer: Signer, header: string, payload: string | Buffer): Promise<string> {
  const input = `${encodeText(header)}.${encodeText(payload)}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await webcrypto.subtle.sign(algorithm, signer.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString("base64url")}`;
}
