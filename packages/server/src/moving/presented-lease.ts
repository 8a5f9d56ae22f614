// The lease that a verifier got last, as it presents it with an acknowledgement: proof of a position that this log had.
// Where the log does not have it any more, the database came back from a backup. DESIGN.md section 1, "Restores".

import type { Position } from "@rescind/core";
import { decodeJws, verifyJws } from "../keys/jws.ts";
import type { KeyRing } from "../keys/signing-keys.ts";

/** The position that a lease of ours names, whenever it was given; undefined for anything else. */
export function leasedPosition(text: string, issuer: string, keys: KeyRing): Position | undefined {
  const jws = decodeJws(text);
  if (jws === undefined || jws.header.typ !== "rescind-lease+jwt" || jws.payload.iss !== issuer)
    return undefined;
  const key = keys.keys.find(({ kid, use }) => use === "feed" && kid === jws.header.kid);
  if (key === undefined || !verifyJws(jws, key.alg, key.publicKey)) return undefined;
  const { head, hash } = jws.payload;
  return Number.isSafeInteger(head) && typeof hash === "string" ? { seq: Number(head), hash } : undefined;
}
