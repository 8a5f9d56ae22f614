// The successor of a spent refresh token, sealed under a key derived from the token it replaced: only who has the old
// one can have the new one again within the grace window. DESIGN.md section 4.

import { hmacSha256 } from "../keys/hash.ts";
import { decrypt, encrypt } from "../keys/master-key.ts";

const purpose = Buffer.from("rescind/successor");

export function sealSuccessor(spent: string, successor: string): Uint8Array {
  return encrypt(keyFrom(spent), Buffer.from(successor));
}

/** @throws Error if the bytes were sealed under another token */
export function openSuccessor(spent: string, sealed: Uint8Array): string {
  return Buffer.from(decrypt(keyFrom(spent), sealed)).toString();
}

function keyFrom(token: string): Uint8Array {
  return hmacSha256(Buffer.from(token))(purpose);
}
