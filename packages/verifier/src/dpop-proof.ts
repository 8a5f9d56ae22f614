// A DPoP proof: RFC 9449 section 4.3, all of its checks but the nonce, which this resource server never asks for. That it
// is shown for the first time is for ProofMemory to say, that its key is the token's for the caller.

import { fromBase64url, toBase64url } from "@rescind/core";
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from "jose";
import { membersOf } from "./json.ts";
import { longestToken, parseBytes } from "./jwt.ts";
import { asymmetricAlgorithms } from "./key-set.ts";
import { TokenRejected } from "./token-rejected.ts";

/** Seconds a proof is good for, and by which its maker's clock may be ahead. */
export const proofAge = 60;
export const proofAhead = 10;
const longestId = 256;

export interface DpopProof {
  /** RFC 7638 thumbprint of the key that signed it. */
  readonly key: string;
  /** One for each proof, whoever made it. */
  readonly id: string;
  /** Seconds since 1970, by its maker's clock. */
  readonly issuedAt: number;
}

/** The request that a proof has to be made for. */
export interface ProvenRequest {
  readonly method: string;
  /** The URL as the client sees it; query and fragment do not count. */
  readonly url: string;
  readonly accessToken: string;
}

/**
 * Reads and verifies the value of a `DPoP` header; `at` is the time in seconds since 1970.
 * @throws TokenRejected `proof`
 */
export async function readDpopProof(text: string, request: ProvenRequest, at: number): Promise<DpopProof> {
  const { jwk, alg } = readHeader(text);
  const payload = await verifiedPayload(text, jwk, alg);
  const { jti, htm, htu, iat, ath } = membersOf(parseBytes(payload));
  const isMadeFor =
    htm === request.method &&
    typeof htu === "string" &&
    normalUrl(htu) !== undefined &&
    normalUrl(htu) === normalUrl(request.url) &&
    ath === (await sha256(new TextEncoder().encode(request.accessToken)));
  if (!isMadeFor) throw refused("The proof was made for another request or token.");
  if (typeof jti !== "string" || jti === "" || jti.length > longestId) throw refused("The proof has no jti.");
  if (typeof iat !== "number" || !(iat >= at - proofAge && iat <= at + proofAhead))
    throw refused("The proof is too old, or from the future.");
  const key = await calculateJwkThumbprint(jwk, "sha256");
  return { key, id: `${key} ${jti}`, issuedAt: iat };
}

/** base64url of the digest. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function readHeader(text: string): { jwk: JWK; alg: string } {
  const parts = text.length > longestToken ? [] : text.split(".");
  const [header, payload, signature] = parts.map(fromBase64url);
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    throw refused("The proof is no JWT.");
  const { typ, alg, jwk, crit } = membersOf(parseBytes(header));
  if (typ !== "dpop+jwt" || crit !== undefined) throw refused("The JWT is no proof.");
  if (typeof alg !== "string" || !asymmetricAlgorithms.includes(alg))
    throw refused("The algorithm of the proof is not supported.");
  const members = membersOf(jwk);
  const isPublic = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].every(
    (name) => !Object.hasOwn(members, name),
  );
  if (typeof members.kty !== "string" || members.kty === "oct" || !isPublic)
    throw refused("The key of the proof is not a public one.");
  return { jwk: { ...members, kty: members.kty }, alg };
}

async function verifiedPayload(text: string, jwk: JWK, alg: string): Promise<Uint8Array> {
  try {
    return (await compactVerify(text, await importJWK(jwk, alg), { algorithms: [alg] })).payload;
  } catch (cause) {
    throw new TokenRejected("proof", { cause });
  }
}

/** RFC 3986 sections 6.2.2 and 6.2.3, without query and fragment; undefined for what is no URL. */
function normalUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname } = new URL(text);
  const path = pathname.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const letter = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[\w.~-]/.test(letter) ? letter : escaped.toUpperCase();
  });
  return origin + path;
}

function refused(reason: string): TokenRejected {
  return new TokenRejected("proof", { cause: new Error(reason) });
}
