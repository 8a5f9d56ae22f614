// The server's signed answer to an acknowledgement, bound to one request by its nonce. CONTRACT.md section 6.

import { parseWirePosition } from "./feed-page.ts";
import { readFeedSignature } from "./feed-signature.ts";
import type { Lease } from "./freshness.ts";
import type { KeySet } from "./key-set.ts";

/** The lease in a signed answer to the request with this nonce; undefined if it is not one. */
export async function readSignedLease(
  signed: string,
  expected: { readonly issuer: string; readonly nonce: string },
  keys: KeySet,
): Promise<Lease | undefined> {
  const members = await readFeedSignature(signed, "rescind-lease+jwt", keys);
  if (members === undefined) return undefined;
  const { iss, nonce, head, hash, issued_at: issuedAt } = members;
  const position = parseWirePosition(head, hash);
  if (iss !== expected.issuer || nonce !== expected.nonce || position === undefined) return undefined;
  if (typeof issuedAt !== "number" || !Number.isFinite(issuedAt)) return undefined;
  return { head: position.seq, hash: position.hash, issuedAt };
}
