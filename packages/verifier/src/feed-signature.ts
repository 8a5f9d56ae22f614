// What the server signs of the feed: a JWS with Ed25519 under a key of the feed's own, whose type says what it is of.
// CONTRACT.md section 6. Only what was signed is used.

import { compactVerify } from "jose";
import { membersOf } from "./json.ts";
import { accessTokenForm, parseBytes, readJwtHeader } from "./jwt.ts";
import type { KeySet } from "./key-set.ts";

export const feedAlgorithms: readonly string[] = ["EdDSA", "Ed25519"];

/** The members of what was signed as this type; undefined if it was not, or not by one of these keys. */
export async function readFeedSignature(
  signed: string,
  type: "rescind-lease+jwt" | "rescind-snapshot+jwt",
  keys: KeySet,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const form = { types: [type, `application/${type}`], kid: accessTokenForm.kid };
  const header = readJwtHeader(signed, form);
  const key = header === undefined ? undefined : await keys.find(header.kid);
  if (key === undefined) return undefined;
  const verified = await compactVerify(signed, key.key, { algorithms: [...feedAlgorithms] }).catch(
    () => undefined,
  );
  return verified === undefined ? undefined : membersOf(parseBytes(verified.payload));
}
