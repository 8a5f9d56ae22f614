// What a token is bound to: the claim `cnf` of RFC 7800, with the members of DPoP (RFC 9449 section 6.1) and of mutual TLS
// (RFC 8705 section 3.1). A binding that is not understood is kept as such: it must not make the token a plain one.

import { fromBase64url } from "@rescind/core";

export interface Confirmation {
  /** RFC 7638 thumbprint of the key that has to sign a DPoP proof. */
  readonly key: string | undefined;
  /** SHA-256 of the client's certificate. */
  readonly certificate: string | undefined;
  /** There is something else in it. */
  readonly isUnknown: boolean;
}

/** A plain bearer token's. */
const unbound: Confirmation = { key: undefined, certificate: undefined, isUnknown: false };

/** The binding in the claim `cnf`, as it came. */
export function readConfirmation(cnf: unknown): Confirmation {
  if (cnf === undefined) return unbound;
  if (typeof cnf !== "object" || cnf === null || Array.isArray(cnf)) return { ...unbound, isUnknown: true };
  const { jkt: key, "x5t#S256": certificate, ...others }: Readonly<Record<string, unknown>> = { ...cnf };
  const isUnknown =
    (key === undefined && certificate === undefined) ||
    Object.keys(others).length > 0 ||
    (key !== undefined && !isThumbprint(key)) ||
    (certificate !== undefined && !isThumbprint(certificate));
  return {
    key: isThumbprint(key) ? key : undefined,
    certificate: isThumbprint(certificate) ? certificate : undefined,
    isUnknown,
  };
}

export function isBound({ key, certificate, isUnknown }: Confirmation): boolean {
  return key !== undefined || certificate !== undefined || isUnknown;
}

function isThumbprint(value: unknown): value is string {
  return typeof value === "string" && fromBase64url(value)?.length === 32;
}
