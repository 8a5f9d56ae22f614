// Whether the digests of a database are those of this start's pepper. Under another one every opaque token and secret in
// it would be unknown, and the first node that noticed would replace what all of them share.

import type { Store } from "@rescind/store";
import { ConfigurationError } from "../configuration.ts";
import type { TokenHashing } from "./digest.ts";

const name = "token-pepper-check";
const known = "the pepper of this database";

/**
 * Remembers the pepper by a digest of a known text; with `--previous-token-pepper` a change of it.
 * @throws ConfigurationError the database was served under another pepper
 */
export async function checkPepper(
  store: Pick<Store, "keepSecret" | "replaceSecret">,
  hashing: TokenHashing,
): Promise<void> {
  const kept = await store.keepSecret(name, hashing.digest(known));
  const match = hashing.matcher(known)(kept);
  if (match === "none")
    throw new ConfigurationError(
      "--token-pepper differs from the one that this database was served with: its opaque tokens and secrets would be unknown. Start with that one, or name it with --previous-token-pepper (none: there was none); all nodes need the same.",
    );
  if (match === "previous") await store.replaceSecret(name, hashing.digest(known));
}
