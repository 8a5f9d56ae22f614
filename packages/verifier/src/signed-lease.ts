// The server's signed answer to an acknowledgement: a JWS with Ed25519 under a key of the feed's own, bound to one
// request by its nonce. CONTRACT.md section 6. Only what was signed is used.

import { compactVerify } from "jose";
import { parseWirePosition } from "./feed-page.ts";
import type { Lease } from "./freshness.ts";
import { membersOf } from "./json.ts";
import { accessTokenForm, type JwtForm, parseBytes, readJwtHeader } from "./jwt.ts";
import type { KeySet } from "./key-set.ts";

export const leaseAlgorithms: readonly string[] = ["EdDSA", "Ed25519"];

const leaseForm: JwtForm = {
  types: ["rescind-lease+jwt", "application/rescind-lease+jwt"],
  kid: accessTokenForm.kid,
};

/** The lease in a signed answer to the request with this nonce; undefined if it is not one. */
export async function readSignedLease(
  signed: string,
  expected: { readonly issuer: string; readonly nonce: string },
  keys: KeySet,
): Promise<Lease | undefined> {
  const header = readJwtHeader(signed, leaseForm);
  const key = header === undefined ? undefined : await keys.find(header.kid);
  if (key === undefined) return undefined;
  const verified = await compactVerify(signed, key.key, { algorithms: [...leaseAlgorithms] }).catch(
    () => undefined,
  );
  if (verified === undefined) return undefined;
  const { iss, nonce, head, hash, issued_at: issuedAt } = membersOf(parseBytes(verified.payload));
  const position = parseWirePosition(head, hash);
  if (iss !== expected.issuer || nonce !== expected.nonce || position === undefined) return undefined;
  if (typeof issuedAt !== "number" || !Number.isFinite(issuedAt)) return undefined;
  return { head: position.seq, hash: position.hash, issuedAt };
}
