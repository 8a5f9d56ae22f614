// Digests of tokens and fingerprints of units: the hashing that core leaves to its callers.

import { createHmac, createSecretKey, hash, randomBytes, timingSafeEqual } from "node:crypto";
import {
  fingerprintInput,
  fingerprintLength,
  formatToken,
  type RowId,
  randomBytesPerToken,
  type TokenKind,
  type Unit,
} from "@rescind/core";

export interface TokenHashing {
  /** SHA-256 of a token's text, or HMAC-SHA-256 under the pepper. */
  digest(token: string): Uint8Array;
  /** 22 characters of base64url, as on the feed. */
  fingerprint(unit: Unit): string;
}

export function tokenHashing(pepper: string | undefined, fingerprintKey: Uint8Array): TokenHashing {
  const fingerprintSecret = createSecretKey(fingerprintKey);
  return {
    digest: (token) =>
      pepper === undefined
        ? hash("sha256", token, "buffer")
        : createHmac("sha256", pepper).update(token).digest(),
    fingerprint: (unit) =>
      createHmac("sha256", fingerprintSecret)
        .update(fingerprintInput(unit))
        .digest()
        .subarray(0, fingerprintLength)
        .toString("base64url"),
  };
}

/** Compares two digests without telling by time where they differ. */
export function sameDigest(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && timingSafeEqual(a, b);
}

/** A new opaque token, code or secret for a row. */
export function newToken(kind: TokenKind, rowId: RowId): string {
  return formatToken(kind, rowId, randomBytes(randomBytesPerToken));
}
