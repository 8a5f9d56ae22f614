// The secrets of consumer keys, compared with what is stored of them; one that was stored under the setting before is
// stored anew when it is seen, since nothing but the secret itself gives the new digest.

import type { ConsumerKey } from "@rescind/core";
import type { Store } from "@rescind/store";
import type { Match, TokenHashing } from "./digest.ts";

export interface MatchedKey {
  readonly key: ConsumerKey;
  readonly match: Exclude<Match, "none">;
}

/** Compares with every key, so that time does not tell which one came close. */
export function matchingKey(
  secret: string,
  keys: readonly ConsumerKey[],
  hashing: TokenHashing,
): MatchedKey | undefined {
  const matchOf = hashing.matcher(secret);
  let found: MatchedKey | undefined;
  for (const key of keys) {
    const match = matchOf(key.digest);
    if (match !== "none") found = { key, match };
  }
  return found;
}

/** Stores the digest by today's setting. Of several at once one does it; the others change nothing. */
export async function renewDigest(
  { key, match }: MatchedKey,
  secret: string,
  { hashing, store }: { readonly hashing: TokenHashing; readonly store: Pick<Store, "replaceKeyDigest"> },
): Promise<void> {
  if (match === "previous")
    await store.replaceKeyDigest(key.keyId, { from: key.digest, to: hashing.digest(secret) });
}

/** Whether a secret is one of these keys already; its digest is then as today's setting has it. */
export async function renewKnown(
  secret: string,
  keys: readonly ConsumerKey[],
  parts: Parameters<typeof renewDigest>[2],
): Promise<boolean> {
  const found = matchingKey(secret, keys, parts.hashing);
  if (found !== undefined) await renewDigest(found, secret, parts);
  return found !== undefined;
}
