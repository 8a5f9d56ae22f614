// A snapshot of the log as it came, checked whole before any of it is taken: digest and signature. docs/reference/feed.md.

import { type ParsedSnapshot, parseSnapshot, toBase64url } from "@rescind/core";
import { readFeedSignature } from "./feed-signature.ts";
import type { KeySet } from "./key-set.ts";

/** The snapshot in these bytes; undefined if they are not one of this issuer, as it was signed. */
export async function readSignedSnapshot(
  bytes: Uint8Array<ArrayBuffer>,
  issuer: string,
  keys: KeySet,
): Promise<ParsedSnapshot | undefined> {
  const snapshot = parseSnapshot(bytes, issuer);
  if (snapshot === undefined) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", snapshot.digested);
  if (toBase64url(new Uint8Array(digest)) !== snapshot.digest) return undefined;
  const members = await readFeedSignature(snapshot.signature, "rescind-snapshot+jwt", keys);
  const { seq, hash } = snapshot.position;
  const isSigned =
    members?.iss === issuer &&
    members.seq === seq &&
    members.hash === hash &&
    members.digest === snapshot.digest;
  return isSigned ? snapshot : undefined;
}
