// The hash chain of the log, checked link by link: the hash at an entry is SHA-256 over the hash before it and its
// canonical bytes. DESIGN.md section 5. Every link is laid from the hash its sender claims for the entry before, so
// that a batch is hashed at once; that the links join is for the feed reader to check.

import { chainInput, type FeedEntry, fromBase64url, toBase64url } from "@rescind/core";
import { nativeCrypto } from "./native-crypto.ts";

export interface Link {
  /** The hash claimed before the entry. */
  readonly previous: string;
  readonly entry: FeedEntry;
  /** The hash claimed at it. */
  readonly hash: string;
}

/** A link and whether its hash is what its entry gives. */
export interface CheckedLink extends Link {
  readonly genuine: boolean;
}

/** Computes every link's hash, natively or by WebCrypto, in order. */
export function checkLinks(links: readonly Link[]): readonly CheckedLink[] | Promise<CheckedLink[]> {
  const hash = nativeCrypto?.hash;
  if (hash === undefined) return checkByWebCrypto(links);
  return links.map((link) => {
    const previous = fromBase64url(link.previous);
    if (previous === undefined) return { ...link, genuine: false };
    return { ...link, genuine: hash("sha256", chainInput(previous, link.entry), "base64url") === link.hash };
  });
}

/** As `checkLinks`, where there is nothing but WebCrypto. */
export function checkByWebCrypto(links: readonly Link[]): Promise<CheckedLink[]> {
  return Promise.all(
    links.map(async (link) => {
      const previous = fromBase64url(link.previous);
      if (previous === undefined) return { ...link, genuine: false };
      const digest = await crypto.subtle.digest("SHA-256", chainInput(previous, link.entry));
      return { ...link, genuine: toBase64url(new Uint8Array(digest)) === link.hash };
    }),
  );
}
