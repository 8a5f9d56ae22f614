// The successor of a spent refresh token: derived from that token, from what its row keeps and from a key of the server,
// so that within the grace window it can be made again for whoever has lost the answer. It stands nowhere, and no two of
// the three give it: DESIGN.md section 4, decision 0026. Servers before kept it encrypted under a key from the token.

import { formatToken, type RowId, tokenLength } from "@rescind/core";
import { hmacSha256, hmacSha512 } from "../keys/hash.ts";
import { decrypt, type Seal } from "../keys/master-key.ts";
import { withRandom } from "../keys/random-pool.ts";

export interface Successors {
  /** A successor for a row of its own, and what is kept with the spent token so that it can be made again. */
  next(spent: string, id: RowId): { readonly text: string; readonly sealed: Uint8Array };
  /**
   * The same one again. Under another master key it is another one: look whether it is anybody's.
   * @throws Error the bytes are none that a server keeps
   */
  again(spent: string, sealed: Uint8Array): string;
}

const idBytes = 8;
const saltBytes = 16;
const keptBytes = idBytes + saltBytes;
/** Nonce, ciphertext and tag: how the form of before is known, in which all of them are as long. */
const encryptedBytes = 12 + tokenLength + 16;
const purposeBefore = Buffer.from("rescind/successor");

export function successors(seal: Pick<Seal, "keyFor">): Successors {
  const hmac = hmacSha512(seal.keyFor("refresh-successor"));
  /** The kept bytes go first: always as many, so that nothing else lays out the same. */
  const derived = (spent: string, id: RowId, kept: Uint8Array): string => {
    const message = Buffer.allocUnsafe(keptBytes + spent.length);
    message.set(kept);
    message.write(spent, keptBytes, "latin1");
    return formatToken("refresh", id, hmac(message));
  };
  return {
    next(spent, id) {
      const sealed = Buffer.allocUnsafe(keptBytes);
      sealed.writeBigUInt64BE(BigInt(id));
      withRandom(saltBytes, (random) => sealed.set(random, idBytes));
      return { text: derived(spent, id, sealed), sealed };
    },
    again(spent, sealed) {
      if (sealed.length === encryptedBytes) return decrypted(spent, sealed);
      if (sealed.length !== keptBytes) throw new Error("what is kept of a successor has another length");
      const id = Buffer.from(sealed.buffer, sealed.byteOffset, idBytes).readBigUInt64BE();
      return derived(spent, String(id), sealed);
    },
  };
}

function decrypted(spent: string, sealed: Uint8Array): string {
  const key = hmacSha256(Buffer.from(spent))(purposeBefore);
  return Buffer.from(decrypt(key, sealed)).toString();
}
