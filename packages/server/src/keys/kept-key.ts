// Random keys that are made once for a database and kept in it, sealed under the master key.

import { randomBytes } from "node:crypto";
import type { Store } from "@rescind/store";
import { ConfigurationError } from "../configuration.ts";
import type { Seal } from "./master-key.ts";

/** A random key of 32 bytes. @throws ConfigurationError it was sealed under another master key */
export async function keptKey(
  name: string,
  parts: { readonly seal: Seal; readonly store: Store },
): Promise<Uint8Array> {
  const sealed = await parts.store.keepSecret(name, parts.seal.seal(name, randomBytes(32)));
  try {
    return parts.seal.open(name, sealed);
  } catch (cause) {
    throw new ConfigurationError(
      "The master key is not the one that this database was first served with: all nodes need the same RESCIND_MASTER_KEY.",
      { cause },
    );
  }
}
